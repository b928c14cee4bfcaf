"""Faults of loss, head and gradient."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import OVERFIT, SIGNAL, STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR20",
        "Wrong initial loss",
        ("initial-loss",),
        "The loss before training compared with that of a network that knows nothing.",
        "Own, from the loss's formula, the targets and healthy inits. TheDeepChecker's "
        "ln(classes) alone fails with class weights, priors and label smoothing.",
        "The first steps only undo an arbitrary start, and the loss curve looks like a hockey "
        "stick.",
        "A small head: `init: {head: {kind: normal, std: 0.01}}`.",
        "init: {kind: auto, head: {kind: normal, std: 3.0}}",
    ),
    Fault(
        "TR21",
        "Sum over the batch instead of mean",
        (TEXT, "initial-loss", "diagnose", "watch"),
        "The loss of a batch over that of its halves. From the recipe alone: `reduction: sum`. Of "
        "a program: a loss that is a sum, steps as long as the gradient, and nothing learned.",
        "1.8 (own; 1 is a mean, 2 a sum). From the recipe alone: an error where lr times the "
        "batch size is more than sgd tolerates, a remark where the optimizer makes up for it.",
        "The gradients grow with the batch size, and so do the steps.",
        "`reduction: mean`.",
        "{loss: {kind: cross_entropy, reduction: sum}, optimizer: {kind: sgd, lr: 0.1}}",
        explains=(*WILD, *STUCK, "TR20", "TR43", "TR50"),
    ),
    Fault(
        "TR24",
        "Wrong output bias",
        ("initial-loss",),
        "The loss of the head's bias alone compared with that of the best constant.",
        "Twice that loss for values (ten times: an error); an entropy of the classes below half "
        "of that of equal classes. Karpathy's recipe; the factors are measured.",
        "The first steps are spent on learning a constant.",
        "`init.head_bias: prior`: the targets' mean, or the log of the class shares.",
        "init: {kind: auto, head: {kind: auto, bias: 50.0}}",
        explains=("TR55", "TR61", "TR112", "TR113"),
    ),
    Fault(
        "TR25",
        "No log-softmax before nll",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "nll with a head that does not output log-probabilities.",
        "Any other head (TheDeepChecker). Measured: rows whose exp does not sum to 1 within 1e-3.",
        "The loss has no lower bound: it falls although nothing is learned.",
        "`model.head_activation: log_softmax`, or cross_entropy with a linear head.",
        "loss: nll",
        explains=(*SIGNAL, *WILD, *STUCK),
    ),
    Fault(
        "TR26",
        "Probabilities into a loss that takes logits",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "A softmax or sigmoid head before cross_entropy or bce.",
        "Always (TheDeepChecker). A linear head is right there, and log_softmax changes nothing.",
        "The outputs are squashed twice. Even sure and right answers then have a loss, and "
        "gradients are small.",
        "`model.head_activation: linear`.",
        "{loss: cross_entropy, model: {kind: mlp, head_activation: softmax}}",
        explains=(*SIGNAL, *STUCK),
    ),
    Fault(
        "TR27",
        "Softmax on one output",
        (TEXT, DATA, "initial-loss", "overfit-batch", "diagnose", "watch"),
        "A softmax head with a single output, or your own network that ends in such a softmax.",
        "Always (TheDeepChecker).",
        "Its output is always 1.",
        "A sigmoid, or a linear head before bce.",
        "{loss: bce, model: {kind: mlp, head_activation: softmax}}",
        explains=(*SIGNAL, *STUCK, "TR14", "TR45", "TR76", "TR116"),
    ),
    Fault(
        "TR28",
        "Targets out of the head's reach",
        (TEXT, DATA, "train", "initial-loss", "overfit-batch", "watch"),
        "The range of the targets compared with that of the head's activation.",
        "Any target outside (DeepDiagnosis). If the data is not read, a bounded head for a "
        "regression is a warning.",
        "The head cannot output these values, so they cannot be learned, and it saturates.",
        "A linear head, or targets scaled into its range.",
        "{data: diabetes, model: {kind: mlp, head_activation: sigmoid}}",
        explains=(*SIGNAL, *STUCK, "TR24", "TR45"),
    ),
    Fault(
        "TR29",
        "An activation after the logits",
        (TEXT, "initial-loss", "overfit-batch", "watch"),
        "relu, tanh and similar activations after the last layer, before a loss that takes logits.",
        "Always (UMLAUT). Those that only bend the range are a warning.",
        "Half of the possible outputs are cut off, and their gradient with them.",
        "`model.head_activation: linear`.",
        "model: {kind: mlp, head_activation: relu}",
        explains=(*SIGNAL, *STUCK, "TR45"),
    ),
    Fault(
        "TR30",
        "Loss does not suit the task",
        (TEXT, DATA, "overfit-batch", "diagnose", "watch"),
        "A regression loss with classes, a classification loss with values, or values read as "
        "classes. Of a program: a loss whose two arguments were exchanged.",
        "AutoTrainer's pairs. Squared errors with classes are a warning: they do train, only "
        "later (Hui & Belkin 2020). More than 20 numeric classes of fewer than 3 samples each are "
        "values (own).",
        "The slope is smallest where the network is most wrong, or the loss solves another task.",
        "cross_entropy for classes; mse, mae or huber for values.",
        "loss: mse",
        explains=(*SIGNAL, *WILD, *STUCK),
    ),
    Fault(
        "TR32",
        "Samples mixed",
        ("grad-check", "diagnose", "watch"),
        "The gradient of one sample's loss with respect to another sample's input. Of a program: "
        "whether the answers of a copy of the model, in evaluation mode, change with another "
        "sample; shapes of predictions and targets; the axis of a softmax; reshapes to the same "
        "axes in another order.",
        "1e-8 of that by its own input, in float64 and evaluation mode (Karpathy; TheDeepChecker).",
        "The network reads the answer from other samples of the batch, and fails on a single "
        "sample.",
        "Look for a softmax, norm or reshape over the batch axis, or for [N] against [N, 1].",
        explains=(*STUCK, *OVERFIT, "TR14", "TR20", "TR26", "TR96"),
    ),
    Fault(
        "TR33",
        "Flipped gradient",
        ("grad-check", "diagnose", "watch"),
        "Analytic gradients compared with numerical ones; also the direction in which your own "
        "step or optimizer moves the weights.",
        "A relative error above 1.9: a wrong sign gives 2. A cosine with the descent direction "
        "below -0.05 (own); in a program, nine of ten looks at steps, a loss with a minus, or a "
        "likelihood without one.",
        "Each step goes uphill.",
        "Flip the sign in your backward, loss, step or optimizer.",
        explains=(*WILD, *STUCK, "TR34"),
    ),
    Fault(
        "TR34",
        "Wrong gradient",
        ("grad-check",),
        "Analytic gradients compared with numerical ones, in float64.",
        "A relative error above 1e-2 is wrong, above 1e-4 doubtful, 1e-7 good (CS231n).",
        "The steps do not go downhill.",
        "Correct the backward that you wrote, at or after the place named.",
        explains=(*WILD, *STUCK),
    ),
    Fault(
        "TR96",
        "Your loss",
        ("diagnose",),
        "What your own loss makes of random answers, of right and wrong answers of several sizes, "
        "of other targets, and of free answers that follow its gradient.",
        "No gradient, or none that depends on the targets; 60 % of the classes or half of the "
        "targets' variance not reached; any value that is not finite (own).",
        "Minimizing the loss does not lead to the targets.",
        "Compare it with the loss in torch on a few answers.",
        explains=(*SIGNAL, *WILD, *STUCK, "TR14"),
    ),
)
