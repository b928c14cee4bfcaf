"""Faults of loss, head and gradient."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import OVERFIT, SIGNAL, STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR20",
        "Wrong initial loss",
        ("initial-loss",),
        "The loss before training against that of a network that knows nothing.",
        "Own, from the loss's formula, the targets and healthy inits; TheDeepChecker's ln(classes) "
        "alone fails under class weights, priors and smoothing.",
        "The first steps unlearn an arbitrary opinion, and the curve looks like a hockey stick.",
        "A small head: `init: {head: {kind: normal, std: 0.01}}`.",
        "init: {kind: auto, head: {kind: normal, std: 3.0}}",
    ),
    Fault(
        "TR21",
        "Sum over the batch instead of mean",
        (TEXT, "initial-loss", "diagnose"),
        "The loss of a batch over that of its halves; in the text, `reduction: sum`.",
        "1.8 (own; 1 is a mean, 2 a sum). In the text: an error where lr times batch is more than "
        "sgd bears, a remark where the optimizer evens it out.",
        "Gradients grow with the batch, and so do the steps.",
        "`reduction: mean`.",
        "{loss: {kind: cross_entropy, reduction: sum}, optimizer: {kind: sgd, lr: 0.1}}",
        explains=(*WILD, *STUCK, "TR20", "TR43", "TR50"),
    ),
    Fault(
        "TR24",
        "Wrong output bias",
        ("initial-loss",),
        "The loss of the head's bias alone against that of the best constant.",
        "Twice it for values (ten times: an error); entropy of the classes below half of an even "
        "one. Karpathy's recipe; the factors are measured.",
        "The first steps are spent on learning a constant.",
        "`init.head_bias: prior`: the targets' mean, or the log of the class shares.",
        "init: {kind: auto, head: {kind: auto, bias: 50.0}}",
        explains=("TR55", "TR61", "TR112", "TR113"),
    ),
    Fault(
        "TR25",
        "No log-softmax before nll",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "nll with a head that puts out no log-probabilities.",
        "Any other head (TheDeepChecker); measured, rows whose exp does not sum to 1 within 1e-3.",
        "The loss has no floor: it falls without anything being learned.",
        "`model.head_activation: log_softmax`, or cross_entropy with a linear head.",
        "loss: nll",
        explains=(*SIGNAL, *WILD, *STUCK),
    ),
    Fault(
        "TR26",
        "Probabilities into a loss from logits",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "A softmax or sigmoid head before cross_entropy or bce.",
        "Always (TheDeepChecker). A linear head is right there, and log_softmax changes nothing.",
        "Squashed twice, even a sure and right answer costs, and gradients are small.",
        "`model.head_activation: linear`.",
        "{loss: cross_entropy, model: {kind: mlp, head_activation: softmax}}",
        explains=(*SIGNAL, *STUCK),
    ),
    Fault(
        "TR27",
        "Softmax on one output",
        (TEXT, DATA, "initial-loss", "overfit-batch", "diagnose", "watch"),
        "A softmax head with a single output, or a softmax that a network of your own ends in.",
        "Always (TheDeepChecker).",
        "It is always 1.",
        "A sigmoid, or a linear head before bce.",
        "{loss: bce, model: {kind: mlp, head_activation: softmax}}",
        explains=(*SIGNAL, *STUCK, "TR14", "TR45", "TR76"),
    ),
    Fault(
        "TR28",
        "Targets out of the head's reach",
        (TEXT, DATA, "train", "initial-loss", "overfit-batch", "watch"),
        "The range of the targets against that of the head's activation.",
        "Any target outside (DeepDiagnosis). Without a look at the data, a bounded head before "
        "values is a warning.",
        "What cannot be said cannot be learned; the head saturates on the way.",
        "A linear head, or targets scaled into its range.",
        "{data: diabetes, model: {kind: mlp, head_activation: sigmoid}}",
        explains=(*SIGNAL, *STUCK, "TR24", "TR45"),
    ),
    Fault(
        "TR29",
        "An activation after the logits",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "relu, tanh and their like after the last layer, before a loss from logits.",
        "Always (UMLAUT); those that only bend the range are a warning.",
        "Half of what the network may say is cut off, with its gradient.",
        "`model.head_activation: linear`.",
        "model: {kind: mlp, head_activation: relu}",
        explains=(*SIGNAL, *STUCK, "TR45"),
    ),
    Fault(
        "TR30",
        "Loss does not suit the task",
        (TEXT, DATA, "overfit-batch", "diagnose"),
        "A loss over values on classes, one over classes on values, or values taken for classes.",
        "The pairs of AutoTrainer. Squares on classes are a warning: they do train, only later "
        "(Hui & Belkin 2020). More than 20 numeric classes of under 3 samples are values (own).",
        "The slope is smallest where the network is most wrong, or the question is another one.",
        "cross_entropy for classes; mse, mae or huber for values.",
        "loss: mse",
        explains=(*SIGNAL, *WILD, *STUCK),
    ),
    Fault(
        "TR32",
        "Samples mixed",
        ("grad-check", "diagnose", "watch"),
        "The gradient of one sample's loss by another sample's input.",
        "1e-8 of that by its own, in float64 and evaluation mode (Karpathy; TheDeepChecker).",
        "The network reads the answer off its neighbours in the batch, and fails on one sample.",
        "Look for softmax, norm or reshape over the batch axis, or [N] against [N, 1].",
        explains=(*STUCK, *OVERFIT, "TR14", "TR20", "TR26", "TR96"),
    ),
    Fault(
        "TR33",
        "Flipped gradient",
        ("grad-check", "diagnose"),
        "Analytic against numerical gradients; where a step or an optimizer of your own moves the "
        "weights.",
        "A relative error above 1.9: the wrong sign has 2. A cosine with the way down below -0.05 "
        "(own).",
        "Each step goes uphill.",
        "Turn the sign in your backward, loss, step or optimizer.",
        explains=(*WILD, *STUCK, "TR34"),
    ),
    Fault(
        "TR34",
        "Wrong gradient",
        ("grad-check",),
        "Analytic against numerical gradients, in float64.",
        "A relative error above 1e-2 is wrong, above 1e-4 doubtful, 1e-7 good (CS231n).",
        "Steps go somewhere else than downhill.",
        "Repair the backward that you wrote, at or after the place named.",
        explains=(*WILD, *STUCK),
    ),
    Fault(
        "TR96",
        "Your loss",
        ("diagnose",),
        "What a loss of your own makes of random answers, of right and wrong ones of several "
        "sizes, of other targets, and of answers that are free to follow its gradient.",
        "No gradient, or none that depends on targets; 60 % of the classes, or half of the "
        "targets' variance, out of reach; anything that is not finite (own).",
        "What is minimized does not lead to the targets.",
        "Compare it with torch's on a few answers.",
        explains=(*SIGNAL, *WILD, *STUCK, "TR14"),
    ),
)
