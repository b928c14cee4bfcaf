"""Faults of the optimizer, its steps, and of regularization."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR18",
        "Destructive augmentation",
        (TEXT, "overfit-batch", "watch"),
        "Noise as large as the inputs; mirrored digits; a batch that is fitted only without the "
        "augmentation. In a program: workers of a loader that draw the same random numbers.",
        "Noise of 1 on standardized inputs (own); TheDeepChecker's comparison.",
        "It destroys what makes the answer recognizable.",
        "Weaken it or remove it.",
        "{data: digits, augmentation: [{kind: noise, std: 2.0}]}",
        explains=("TR09", *STUCK),
    ),
    Fault(
        "TR35",
        "Learning rate too high",
        (TEXT, "lr-find", "signal", "overfit-batch", "diagnose", "watch"),
        "The learning rate for its optimizer; the size of the updates over that of the weights; "
        "the edge of the range test.",
        "From the recipe: each optimizer's own bound, mostly a hundred times its default (0.1 for "
        "adam). For sgd it is 3 after momentum and per 256 samples (three times Goyal et al. "
        "2017). Ten times the bound is an error, and so is a schedule that raises the rate to "
        "twice lr (own). Measured: updates above 10^-1 (TheDeepChecker).",
        "The steps overshoot the minimum.",
        "A tenth; `trickrun lr-find` suggests a value.",
        "optimizer: {kind: adam, lr: 0.5}",
        explains=(
            "TR14",
            "TR41",
            "TR43",
            "TR44",
            "TR54",
            "TR57",
            "TR60",
            "TR61",
            "TR62",
            "TR64",
            "TR70",
            "TR73",
            "TR112",
            "TR113",
        ),
    ),
    Fault(
        "TR36",
        "Learning rate too low",
        (TEXT, DATA, "lr-find", "signal", "overfit-batch", "curves", "watch"),
        "The learning rate summed over the run, and over its second half; the size of the updates "
        "over that of the weights; a loss that falls in a straight line.",
        "The sum is below 0.03 for adam and similar optimizers, 0.01 for lion and 1 for sgd, or "
        "the second half has less than 1 % of it (own). An error if the run comes to fewer than "
        "100 steps at the highest rate and to less than a tenth of its own. Measured: updates "
        "below 10^-4 (TheDeepChecker); 10^-3 is good (CS231n). Fine-tuning is exempt. In a program "
        "also: weights that all steps together moved by less than 5 % while the loss stayed, or "
        "while other layers have thirty times the rate (own).",
        "The run ends before the network has learned much.",
        "Ten times; `trickrun lr-find` suggests a value.",
        "{optimizer: {kind: adam, lr: 1e-6}, train: {steps: 1000}}",
        explains=("TR54", "TR55", "TR61", "TR62", "TR70", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR37",
        "Best value at the edge of the search",
        ("grid",),
        "Where in its range the best trials have a parameter.",
        "The Deep Learning Tuning Playbook's boundary rule; see steps 4 and 5.",
        "Better values may lie outside the range.",
        "Extend the range on that side.",
        "grid: {coarse: {space: {optimizer.lr: {log: [1e-6, 1e-5]}}}}",
    ),
    Fault(
        "TR39",
        "Tiny epsilon",
        (TEXT,),
        "eps of adagrad, rmsprop, adam and similar optimizers.",
        "1e-10 (own; the paper has 1e-8). Large values such as Inception's 1 are no fault.",
        "Rounding noise causes full steps where the gradient is nearly 0.",
        "1e-8.",
        "optimizer: {kind: adam, eps: 1e-15}",
        explains=(*WILD, *STUCK),
    ),
    Fault(
        "TR46",
        "Gradients not cleared",
        ("diagnose", "watch"),
        "The gradient that your own step leaves, compared with that of its batch alone.",
        "A relative difference of 5 % that the previous batch explains (own).",
        "Each step repeats all earlier steps.",
        "`optimizer.zero_grad()` at the beginning of your step.",
        explains=(*WILD, *STUCK, "TR74"),
    ),
    Fault(
        "TR47",
        "Evaluation mode missing",
        ("diagnose", "watch"),
        "The mode in which your own step leaves the network, and the difference in loss between "
        "the modes.",
        "Half of the loss of a constant answer (TheDeepChecker).",
        "Dropout and batch norm act in the wrong mode.",
        "`model.train()` in the step, `model.eval()` for measurements.",
    ),
    Fault(
        "TR49",
        "Dropout too high",
        (TEXT, "overfit-batch", "watch"),
        "The probability of dropout; a batch that is fitted only without it.",
        "Above 0.5 (UMLAUT); from 0.9 on it is an error (own). In a program: 0.85 and more are "
        "left out in the median look (own).",
        "Too little of the signal is left to learn from.",
        "0.2 to 0.5 for hidden units, 0.1 for inputs.",
        "regularizers: {dropout: 0.8}",
        explains=("TR36", "TR55", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR50",
        "Regularized too strongly",
        (TEXT, "overfit-batch", "watch"),
        "The strength of penalties and weight decay; a batch that is fitted only without them.",
        "From the recipe: l2 0.03, l1 0.01, coupled weight decay 0.06. For adamw a weight decay "
        "of 3, and for similar optimizers one that decays as much per step. Own: there the "
        "gradient of the penalty is as large as that of the data (TheDeepChecker's ratio is 2). In "
        "a program: that ratio at the first looks, or a hundredth of the weights in a step (own), "
        "and weights that shrink below 70 % of their size (own). Of a penalty that the program "
        "adds itself: weights that shrink so, and answers no better than a constant.",
        "The weights cannot grow to the size that the answer needs.",
        "1e-4, and a search from there.",
        "regularizers: {l2: 0.5}",
        explains=(*STUCK, "TR35", "TR40", "TR44"),
    ),
    Fault(
        "TR70",
        "Optimizer fails on one batch",
        ("overfit-batch", "diagnose"),
        "One batch is fitted only with adam.",
        "Own: the replacement decides.",
        "The optimizer, with its settings, is too slow or unstable here.",
        "adam with lr 1e-3.",
        "optimizer: {kind: adadelta, lr: 1e-4}",
    ),
    Fault(
        "TR71",
        "Clipping too tight",
        (TEXT, "overfit-batch", "watch"),
        "The farthest that clipped sgd can move the weights in the whole run; a batch that is "
        "fitted only without clipping.",
        "0.3 for all weights together (own: usual weights have norms of 5 and more), with a "
        "clipping norm below the usual 1. In a program: 95 % of the steps are clipped, to a tenth "
        "and less, and change the weights by less than 10^-3 while the loss hardly falls (own); "
        "entries that are nearly all at their bound count as clipped.",
        "The steps are so short that nothing changes.",
        "A norm of 1.",
        "{optimizer: {kind: sgd, lr: 0.1, clip: 1e-4}, train: {steps: 1000}}",
        explains=(*STUCK, "TR45"),
    ),
    Fault(
        "TR74",
        "Your training step",
        ("overfit-batch", "diagnose", "watch"),
        "One batch is fitted only with trickrun's own step; or the step's gradient is not that of "
        "the loss, or is a constant multiple of it, such as a gradient scaler's.",
        "Own: the replacement decides; factors below 0.01, and above four times the batch size.",
        "Something in its code is wrong.",
        "Compare it with: zero_grad, forward, loss, backward, step.",
        explains=(*WILD, "TR55", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR75",
        "Precision too low",
        ("overfit-batch",),
        "One batch is fitted only in float32.",
        "Own: the replacement decides.",
        "With 8 bits, small updates are rounded to nothing.",
        "`train.precision: float32`.",
        "train: {precision: bf16}",
        explains=(*STUCK, "TR45"),
    ),
    Fault(
        "TR80",
        "Label smoothing too strong",
        (TEXT,),
        "The strength of label smoothing.",
        "0.3 (own; 0.05 to 0.2 is in use: Szegedy et al. 2016, Müller et al. 2019).",
        "Little of the label is left to learn.",
        "0.1.",
        "regularizers: {label_smoothing: 0.7}",
    ),
    Fault(
        "TR81",
        "Betas out of balance",
        (TEXT, "watch"),
        "Adam's two decay rates compared with each other; the momentum of sgd.",
        "beta1 at or above the square root of beta2 (from the condition in Kingma & Ba 2015); a "
        "momentum of 1.",
        "After a large gradient the steps are far longer than the learning rate.",
        "0.9 and 0.999.",
        "optimizer: {kind: adam, betas: [0.99, 0.9]}",
        explains=(*WILD, *STUCK),
    ),
    Fault(
        "TR82",
        "Warm-up as long as the run",
        (TEXT, DATA),
        "The steps of the warm-up and of the run; the schedule simulated over the run.",
        "As many warm-up steps as the run has; the highest rate after more than 60 % of the run "
        "(own).",
        "The chosen learning rate is reached too late or never.",
        "A share of the run: 0.05.",
        "{optimizer: {kind: adam, schedule: {kind: cosine, warmup: 500}}, train: {steps: 200}}",
        explains=("TR36", "TR55", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR85",
        "Decayed twice",
        (TEXT,),
        "An l2 penalty together with a weight decay that the optimizer adds to the gradient.",
        "Both at once: l2 is a weight_decay of twice its strength (its gradient).",
        "The same penalty is set in two places, and a search over one of them misses the other.",
        "Keep one. The weight decay of adamw is different and may be combined with l2.",
        "{regularizers: {l2: 1e-3}, optimizer: {kind: adam, weight_decay: 1e-4}}",
    ),
    Fault(
        "TR86",
        "Classes balanced twice",
        (TEXT,),
        "Sampling that shows every class equally often, together with class weights in the loss.",
        "Both at once (own).",
        "Rare classes are compensated for twice, and the frequent ones are neglected.",
        "Keep one of the two.",
        "{data: {kind: wine, sampling: balanced}, "
        "loss: {kind: cross_entropy, class_weights: balanced}}",
        explains=("TR20", "TR24", "TR94"),
    ),
    Fault(
        "TR88",
        "Random layers stay frozen",
        (TEXT,),
        "Gradual unfreezing of a network that starts from random weights, or that never gets "
        "beyond the head.",
        "Always (own). A user's own network may be pretrained.",
        "Layers train on the outputs of random layers below them, and start again when those "
        "change.",
        "Remove it, or start from learned weights: a pretrained model, or `model.init_from`.",
        "train: {gradual_unfreezing: 1}",
    ),
    Fault(
        "TR89",
        "Averaged weights hardly differ",
        (TEXT, "watch"),
        "An average of the last weights under a schedule that ends near 0, or of a single epoch's "
        "weights.",
        "cosine, linear, one_cycle, polynomial and exponential (Izmailov et al. 2018 average at a "
        "constant or cyclic rate). In a program: an evaluated average that moved less than a "
        "quarter as far as the trained weights; an error below an eighth (own). The same of a copy "
        "that makes the targets of the training.",
        "The weights hardly move any more, or there is only one set of them, so the average "
        "equals the last weights.",
        "No schedule (constant), or `step`; an earlier start.",
        "{regularizers: {swa: 0.5}, optimizer: {kind: adam, schedule: cosine}}",
    ),
    Fault(
        "TR91",
        "Patience as long as the run",
        (TEXT, DATA),
        "The patience of early stopping or of schedule plateau, compared with the evaluations of "
        "the run.",
        "As many.",
        "Early stopping never stops the run, or the learning rate is never lowered.",
        "A fifth of the run is usual.",
        "{early_stopping: 20, train: {epochs: 20}}",
    ),
    Fault(
        "TR95",
        "Your optimizer",
        ("diagnose",),
        "Where a few calls of your own optimizer lead: with a gradient, with its negative, with a "
        "tenth of it, and with a tenth of the learning rate.",
        "Weights that are NaN or infinite; the same direction for both signs; no effect of the "
        "learning rate; steps a thousand times longer or shorter than those of sgd and adam "
        "(own).",
        "Training does not follow the recipe's settings.",
        "Compare it with torch.optim's. A built-in optimizer with the same learning rate shows "
        "the difference.",
        explains=(*WILD, *STUCK),
    ),
    Fault(
        "TR93",
        "Monitor with the wrong mode",
        (TEXT, "watch"),
        "Early stopping or schedule plateau, simulated on evaluations that improve each time; the "
        "mode of a search.",
        "It acts (by construction). For a search, which is no training, it is a warning. In a "
        "program: ReduceLROnPlateau lowers the rate while its metric improves with the loss; the "
        "weights of the first of four and more evaluations are put back (own).",
        "Early stopping ends a run because it improves, and keeps its worst weights. plateau "
        "lowers the learning rate of a run that improves. A short training shows neither.",
        "`mode: auto`, or remove it.",
        "early_stopping: {monitor: val_loss, mode: max, patience: 3}",
        explains=("TR55", "TR61", "TR62", "TR66", "TR112", "TR113"),
    ),
    Fault(
        "TR106",
        "Improvements do not count",
        (TEXT, DATA, "watch"),
        "The min_delta of early stopping or of schedule plateau, compared with the largest "
        "possible gain: 1 for an accuracy, the loss of a constant answer for a loss.",
        "The whole of it: an error. A tenth (own): a warning. In a program: the weights that are "
        "put back at the end are the model's own tensors, which were never copied.",
        "Real progress does not count as an improvement, so the run stops, or its learning rate "
        "is lowered. A short training shows neither.",
        "0, or a thousandth.",
        "early_stopping: {monitor: val_accuracy, min_delta: 1.0}",
        explains=("TR55", "TR61", "TR62", "TR66", "TR112", "TR113"),
    ),
    Fault(
        "TR107",
        "Stops by chance or not at all",
        (TEXT, DATA),
        "Early stopping with a patience of 1 on few validation samples, or on the training loss.",
        "Fewer than 500 samples (own: the accuracy then has an error of more than a point), in a "
        "run of 10 evaluations or more.",
        "The first unlucky evaluation ends the run; or the run continues while it overfits.",
        "A patience of a fifth of the evaluations; `monitor: val_loss`.",
        "early_stopping: {monitor: train_loss}",
    ),
    Fault(
        "TR108",
        "Expectation out of reach",
        (TEXT,),
        "The bound in `expect` for a metric that is a share.",
        "No value between 0 and 1 meets it.",
        "The gate fails every run, however good. Usually percentages are meant.",
        'A share: `test.accuracy: ">= 0.96"`.',
        'expect: {test.accuracy: ">= 96"}',
    ),
)
