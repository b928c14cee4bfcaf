"""Faults of the network: init, activation, normalization, signal, size."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import SIGNAL, STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR22",
        "Constant init",
        (TEXT, "initial-loss", "overfit-batch", "signal", "watch"),
        "Hidden weights that all start at one value.",
        "From the recipe: zeros, constant and positive_uniform. Measured: a standard deviation "
        "below 1e-6 (TheDeepChecker: 0); in a program, rows that are all equal at each look, or "
        "a matrix that is one number, and not 0, at first. A "
        "head that starts at zero is a known trick and allowed.",
        "Units that start alike get the same gradient and stay alike.",
        "`init: auto`.",
        "init: {kind: constant, value: 0.01}",
        explains=(*SIGNAL, *STUCK, "TR14", "TR35", "TR45", "TR116"),
    ),
    Fault(
        "TR23",
        "Wrong init scale",
        (TEXT, DATA, "initial-loss", "overfit-batch", "signal", "watch"),
        "How the variance of the signal changes through the layers before training.",
        "A factor of 10 (SageMaker Debugger's bound for poor initial weights); 1e4 is an error. "
        "From the recipe: normal and uniform weights compared with an init that depends on the "
        "width. In a program: what the median matrix makes of a signal of size 1, 0.03 and less or "
        "6 and more, where the loss does not halve (own).",
        "The signal explodes or vanishes on its way, and the gradient with it.",
        "An init that depends on the width, or normalization layers.",
        "{model: {kind: mlp, hidden: [256, 256]}, init: {kind: normal, std: 1.0}}",
        explains=("TR20", "TR40", "TR42", "TR43", "TR44", *WILD, *STUCK),
    ),
    Fault(
        "TR40",
        "Vanishing gradient",
        ("signal", "diagnose", "watch"),
        "The gradient of the first layer over that of the last, before the network has fitted "
        "anything.",
        "1e-3 (AutoTrainer); or all of them below 1e-6 (TheDeepChecker).",
        "The first layers do not learn.",
        "relu instead of sigmoids, a matching init, normalization, residual connections.",
        "model: {kind: mlp, hidden: [64, 64, 64, 64, 64, 64], activation: sigmoid}",
        explains=(*STUCK, "TR44", "TR45"),
    ),
    Fault(
        "TR41",
        "Exploding gradient",
        ("signal", "train --stop-when lost", "diagnose", "watch"),
        "The gradient of the first layer over that of the last; or a loss that is NaN or "
        "infinite, or far above its start and rising.",
        "70 (AutoTrainer); three times the first losses (own).",
        "Any step that suits one end of the network is wrong for the other end.",
        "A matching init, a smaller learning rate, gradient clipping.",
        "{model: {kind: mlp, hidden: [64, 64]}, init: {kind: normal, std: 5.0}}",
        explains=("TR44", "TR57", "TR60", "TR61", "TR64", "TR112", "TR113"),
    ),
    Fault(
        "TR42",
        "Saturated units",
        (TEXT, "signal", "overfit-batch", "watch"),
        "Units of a bounded activation that are nearly always at one end of its range. From the "
        "recipe: two or more layers of sigmoids.",
        "Half of a layer's units (TheDeepChecker). From the recipe: Glorot & Bengio 2010.",
        "The activation is flat there, and hardly any gradient passes.",
        "relu, a smaller init, normalization.",
        "model: {kind: mlp, hidden: [64, 64], activation: sigmoid}",
        explains=("TR35", *STUCK, "TR40", "TR44", "TR45"),
    ),
    Fault(
        "TR43",
        "Dead units",
        ("signal", "train", "diagnose", "watch"),
        "Units whose output is 0 for every sample.",
        "Half of a layer's units (TheDeepChecker). Zeros for some samples are normal.",
        "They get no gradient, so they stay at 0.",
        "A smaller learning rate; another init if they are dead from the start; leaky_relu.",
        "optimizer: {kind: adam, lr: 1.0}",
        explains=(*STUCK, "TR40", "TR44", "TR45"),
    ),
    Fault(
        "TR44",
        "Unusual activation scale",
        ("signal", "overfit-batch"),
        "The standard deviation of the inputs of the activations before training.",
        "0.5 to 2 (TheDeepChecker); a warning from a factor of 5 beyond (own).",
        "Steps suited to signals of size 1 are too long or too short.",
        "Normalized inputs, a matching init, normalization layers.",
        "data: {kind: digits, normalize: none}",
        weighed=None,
    ),
    Fault(
        "TR45",
        "Frozen layers",
        ("signal", "grad-check", "diagnose", "watch"),
        "Trainable weights that do not change by a single bit, or get no gradient. Also a network "
        "whose own code freezes most of it.",
        "Exactly 0; a skill that is 0.15 higher when the same short training trains all "
        "parameters (own).",
        "Frozen weights do not learn.",
        "Look for detach, a dead layer after it, requires_grad, and parameters missing from the "
        "optimizer.",
        explains=(*STUCK, "TR76"),
    ),
    Fault(
        "TR48",
        "Batch norm on tiny batches",
        (TEXT, "diagnose", "watch"),
        "The batch size of a network with batch norm. Measured: its loss in training and in "
        "evaluation mode.",
        "From the recipe: below 8. At 8, the error on ImageNet is 1.2 points higher; at 4, it is "
        "3.6 points higher (Wu & He 2018). Measured: up to 8, if the two modes differ.",
        "The statistics are noisy and differ from those used in evaluation.",
        "Group or layer normalization, or larger batches.",
        "{data: {kind: digits, batch_size: 2}, normalization: batch}",
        explains=(*WILD, *STUCK, "TR09", "TR47"),
    ),
    Fault(
        "TR52",
        "Linear hidden layers",
        (TEXT, "overfit-batch", "watch"),
        "Hidden layers without an activation. Of a program: layers whose output goes into other "
        "layers by linear operations only.",
        "Any (UMLAUT). A model without hidden layers is linear on purpose. Of a program: half "
        "of the hidden layers.",
        "Together they are a single linear map.",
        "`model.activation: relu`.",
        "model: {kind: mlp, hidden: [64], activation: linear}",
        explains=("TR54", "TR61", "TR62", "TR70", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR53",
        "Softmax between layers",
        (TEXT, "overfit-batch"),
        "A softmax as hidden activation, or another activation that lets little of the signal "
        "pass.",
        "Any (UMLAUT).",
        "The units of a layer compete for a sum of 1, so hardly any signal passes.",
        "`model.activation: relu`.",
        "model: {kind: mlp, hidden: [64], activation: softmax}",
        explains=(*SIGNAL, *STUCK),
    ),
    Fault(
        "TR54",
        "Too few units",
        ("overfit-batch",),
        "One batch cannot be fitted, but it can with wider layers.",
        "TheDeepChecker's test: a batch must be fitted within a few hundred steps.",
        "The network cannot even memorize one batch.",
        "Wider layers, or more of them.",
        "model: {kind: mlp, hidden: [2]}",
        explains=("TR62", "TR73"),
    ),
    Fault(
        "TR58",
        "Bias or dropout before batch norm",
        (TEXT,),
        "Strong dropout before a batch norm, or a bias that the norm subtracts again.",
        "0.5, where the variance is wrong by a factor of two (Li et al. 2019). A bias is a remark "
        "(NeuraLint).",
        "The norm learns the variance of signals with dropout, but evaluates signals without it.",
        "Dropout after the last hidden layer only; `model.bias: auto`.",
        "{normalization: batch, regularizers: {dropout: 0.6}}",
        explains=("TR09", "TR47"),
    ),
    Fault(
        "TR72",
        "Normalization removes information",
        (TEXT, DATA, "overfit-batch"),
        "One batch can be fitted only without the normalization; or a norm over very few units.",
        "The replacement decides (own). A layer norm over one or two units leaves only their "
        "signs.",
        "It removes what the answer depends on, such as the brightness of an image.",
        "Another normalization, or none.",
        "{model: {kind: mlp, hidden: [2, 2]}, normalization: layer}",
        explains=(*STUCK, "TR40"),
    ),
    Fault(
        "TR73",
        "Cannot fit one batch",
        ("overfit-batch", "diagnose"),
        "The loss of one small batch after hundreds of steps without regularization.",
        "See step 2. No replacement of a part helps.",
        "A network that cannot remember 32 samples will not learn 10,000.",
        "Look at the data and at how it is loaded, and at the model's code if it is your own.",
    ),
    Fault(
        "TR76",
        "Your model",
        ("overfit-batch", "diagnose"),
        "One batch can be fitted by a plain mlp, but not by your network.",
        "Own: the replacement decides.",
        "Something in its code prevents learning.",
        "`trickrun grad-check` and `trickrun signal` show where.",
    ),
    Fault(
        "TR87",
        "Inputs not scaled as in pretraining",
        (TEXT,),
        "A pretrained network whose inputs are normalized with the statistics of your data.",
        "Any normalization but a fixed one (own).",
        "Its weights were learned from inputs of another scale.",
        "For images from 0 to 255: `data.normalize: {kind: fixed, mean: 127, std: 128}`.",
        "{data: fashion_mnist, model: pretrained}",
    ),
    Fault(
        "TR92",
        "Normalization is missing",
        (TEXT,),
        "A transformer without normalization layers.",
        "None at all (Xiong et al. 2020, arXiv:2002.04745, on where they should stand).",
        "The residual branches add up without limit, and the first steps become too large.",
        "`normalization: layer`, or rms.",
        "{data: digits, model: transformer}",
    ),
    Fault(
        "TR104",
        "A part is switched off",
        ("overfit-batch", "diagnose", "watch"),
        "A network without biases, or a transformer without position embeddings. Of a program: "
        "attention whose answers stay the same when two tokens are exchanged.",
        "Own: the replacement decides. In a program: a fifth of a constant's error is left.",
        "It cannot move a boundary away from the origin, or it cannot see the order of its inputs.",
        "`model.bias: auto`, `model.positions: learned`.",
        "model: {kind: mlp, hidden: [16], bias: false}",
        explains=STUCK,
    ),
    Fault(
        "TR105",
        "Too many layers",
        ("overfit-batch", "diagnose"),
        "More than 8 fully connected layers, one after another.",
        "Own: the replacement decides.",
        "Each layer loses a little of the signal and of the gradient, unless init, activation and "
        "normalization match.",
        "Fewer layers, normalization, or a network with residual branches.",
        "model: {kind: mlp, hidden: [32, 32, 32, 32, 32, 32, 32, 32, 32, 32]}",
        explains=(*SIGNAL, *STUCK, "TR45"),
    ),
)
