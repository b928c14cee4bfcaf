"""Faults of the optimizer, its steps, and of regularization."""

from trickrun.findings.faults.fault import Fault

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR18",
        "Destructive augmentation",
        (TEXT, "overfit-batch"),
        "Noise as large as the inputs; digits in a mirror; a batch that is fitted without the "
        "augmentation only.",
        "Noise of 1 on standardized inputs (own); TheDeepChecker's comparison.",
        "What makes the answer recognizable is lost.",
        "Weaken it, or leave it out.",
        "{data: digits, augmentation: [{kind: noise, std: 2.0}]}",
    ),
    Fault(
        "TR35",
        "Learning rate too high",
        (TEXT, "lr-find", "signal", "overfit-batch", "diagnose"),
        "The rate for its optimizer; the size of updates over weights; the range test's edge.",
        "Text: each optimizer's own bound, mostly a hundred times its default (0.1 for adam); for "
        "sgd 3 after momentum and per 256 samples (three times Goyal et al. 2017); ten times that "
        "an error. A schedule that raises it to twice lr (own). Updates above 10^-1 "
        "(TheDeepChecker).",
        "Steps jump over what they should reach.",
        "A tenth; `trickrun lr-find` suggests one.",
        "optimizer: {kind: adam, lr: 0.5}",
    ),
    Fault(
        "TR36",
        "Learning rate too low",
        (TEXT, DATA, "lr-find", "signal", "overfit-batch", "curves"),
        "The rate summed over the run, and over its second half; updates over weights; a loss that "
        "falls in a line.",
        "Sum below 0.03 for adam and its kin, 0.01 for lion, 1 for sgd, 1 % of it in the second "
        "half (own), an error if the run comes to fewer than 100 steps at the highest rate and to "
        "a tenth of its own; updates below 10^-4 (TheDeepChecker), 10^-3 is good (CS231n). "
        "Fine-tuning is exempt.",
        "The run ends before it has got anywhere.",
        "Ten times; `trickrun lr-find` suggests one.",
        "{optimizer: {kind: adam, lr: 1e-6}, train: {steps: 1000}}",
    ),
    Fault(
        "TR37",
        "Best value at the search's edge",
        ("grid",),
        "Where in its range a parameter of the best trials lies.",
        "The Deep Learning Tuning Playbook's boundary rule; see steps 4 and 5.",
        "Better ones may lie outside.",
        "Widen the range on that side.",
        "grid: {coarse: {space: {optimizer.lr: {log: [1e-6, 1e-5]}}}}",
    ),
    Fault(
        "TR39",
        "Tiny epsilon",
        (TEXT,),
        "eps of adagrad, rmsprop, adam and its kin.",
        "1e-10 (own; the paper has 1e-8). Large ones, as Inception's 1, are no fault.",
        "Rounding noise takes whole steps where the gradient is nearly 0.",
        "1e-8.",
        "optimizer: {kind: adam, eps: 1e-15}",
    ),
    Fault(
        "TR46",
        "Gradients not cleared",
        ("diagnose",),
        "The gradient that a step of your own leaves, against that of its batch alone.",
        "A relative difference of 5 % that the batch before explains (own).",
        "Each step repeats all the steps before it.",
        "`optimizer.zero_grad()` at the beginning of your step.",
    ),
    Fault(
        "TR47",
        "Evaluation mode missing",
        ("diagnose",),
        "The mode that a step of your own leaves, and the loss's shift between the modes.",
        "Half of a constant answer's loss (TheDeepChecker).",
        "Dropout and batch norm act where they should not, or not where they should.",
        "`model.train()` in the step, `model.eval()` for what is measured.",
    ),
    Fault(
        "TR49",
        "Dropout too high",
        (TEXT, "overfit-batch"),
        "The probability of dropout; a batch that is fitted without it only.",
        "Above 0.5 (UMLAUT); from 0.9 on an error (own).",
        "Too little of the signal is left to learn from.",
        "0.2 to 0.5 for hidden units, 0.1 for inputs.",
        "regularizers: {dropout: 0.8}",
    ),
    Fault(
        "TR50",
        "Regularized too strongly",
        (TEXT, "overfit-batch"),
        "The strength of penalties and weight decay; a batch that is fitted without them only.",
        "Text: l2 0.03, l1 0.01, coupled decay 0.06, adamw's 3 and of its kin as much a step "
        "(own: there the penalty's gradient rivals the data's; TheDeepChecker's ratio is 2).",
        "The weights cannot grow to what the answer needs.",
        "1e-4, and a search from there.",
        "regularizers: {l2: 0.5}",
    ),
    Fault(
        "TR70",
        "Optimizer does not get there",
        ("overfit-batch", "diagnose"),
        "One batch is fitted by adam only.",
        "Own: the replacement decides.",
        "The optimizer, as it is set, is too slow or unstable here.",
        "adam with lr 1e-3.",
        "optimizer: {kind: adadelta, lr: 1e-4}",
    ),
    Fault(
        "TR71",
        "Clipping too tight",
        (TEXT, "overfit-batch"),
        "The farthest way that clipped sgd can go in the whole run; a batch that is fitted without "
        "clipping only.",
        "0.3 for all weights together (own: usual weights have norms of 5 and more), with a norm "
        "below the usual 1.",
        "Steps are kept so short that nothing changes.",
        "A norm of 1.",
        "{optimizer: {kind: sgd, lr: 0.1, clip: 1e-4}, train: {steps: 1000}}",
    ),
    Fault(
        "TR74",
        "Your training step",
        ("overfit-batch", "diagnose"),
        "One batch is fitted by trickrun's own step only; or a step's gradient is none of the "
        "loss's, or a constant times it.",
        "Own: the replacement decides; factors below 0.01, and above four times the batch size.",
        "Something in its code is wrong.",
        "Compare it with: zero_grad, forward, loss, backward, step.",
    ),
    Fault(
        "TR75",
        "Precision too low",
        ("overfit-batch",),
        "One batch is fitted in float32 only.",
        "Own: the replacement decides.",
        "With 8 bits small updates round to nothing.",
        "`train.precision: float32`.",
        "train: {precision: bf16}",
    ),
    Fault(
        "TR80",
        "Labels smoothed away",
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
        (TEXT,),
        "Adam's two memories against each other.",
        "beta1 at or above the root of beta2 (from the condition in Kingma & Ba 2015).",
        "After a large gradient the steps are far longer than the learning rate.",
        "0.9 and 0.999.",
        "optimizer: {kind: adam, betas: [0.99, 0.9]}",
    ),
    Fault(
        "TR82",
        "Warm-up as long as the run",
        (TEXT, DATA),
        "The steps of the warm-up and of the run; the schedule, played over the run.",
        "As many; the highest rate after more than 60 % of the run (own).",
        "The learning rate that was chosen is never reached, or too late.",
        "A share of the run: 0.05.",
        "{optimizer: {kind: adam, schedule: {kind: cosine, warmup: 500}}, train: {steps: 200}}",
    ),
    Fault(
        "TR85",
        "Decayed twice",
        (TEXT,),
        "An l2 penalty beside a weight decay that the optimizer adds to the gradient.",
        "Any of both: l2 is a weight_decay of twice its strength (its gradient).",
        "The same pull stands in two places, and a search of one finds what the other leaves.",
        "Keep one. adamw's decay is another thing, and may stand beside l2.",
        "{regularizers: {l2: 1e-3}, optimizer: {kind: adam, weight_decay: 1e-4}}",
    ),
    Fault(
        "TR86",
        "Classes balanced twice",
        (TEXT,),
        "Sampling that shows every class equally often, beside class weights in the loss.",
        "Both at once (own).",
        "Rare classes are made up for twice, and now the frequent ones are neglected.",
        "Keep one of the two.",
        "{data: {kind: wine, sampling: balanced}, "
        "loss: {kind: cross_entropy, class_weights: balanced}}",
    ),
    Fault(
        "TR88",
        "Random layers wait",
        (TEXT,),
        "Gradual unfreezing of a network that begins from scratch, or that never gets beyond the "
        "head.",
        "Any (own); a user's own network may have learned before.",
        "Layers train on what random ones in front of them put out, and start again when these "
        "change.",
        "Leave it out, or begin with learned weights: a pretrained model, or `model.init_from`.",
        "train: {gradual_unfreezing: 1}",
    ),
    Fault(
        "TR89",
        "Average of weights at rest",
        (TEXT,),
        "An average of the last weights under a schedule that ends near 0, or of a single epoch's "
        "weights.",
        "cosine, linear, one_cycle, polynomial and exponential (Izmailov et al. 2018 average at a "
        "constant or cyclic rate).",
        "The weights hardly move any more, or there is one set of them, so their mean is the last "
        "of them.",
        "No schedule (constant), or `step`; an earlier start.",
        "{regularizers: {swa: 0.5}, optimizer: {kind: adam, schedule: cosine}}",
    ),
    Fault(
        "TR91",
        "Patience as long as the run",
        (TEXT, DATA),
        "The patience of early stopping, or of schedule plateau, and the evaluations of the run.",
        "As many.",
        "Early stopping never stops it, or the learning rate never falls.",
        "A fifth of the run is usual.",
        "{early_stopping: 20, train: {epochs: 20}}",
    ),
    Fault(
        "TR95",
        "Your optimizer",
        ("diagnose",),
        "Where some calls of an optimizer of your own lead: with one gradient, with minus that, "
        "with a tenth of it, with a tenth of the learning rate.",
        "Weights that are not finite, the same way for both signs, no effect of the rate; steps a "
        "thousand times longer or shorter than those of sgd and adam (own).",
        "What the recipe says of its steps is not what happens.",
        "Compare it with torch.optim's; a built-in one with the same rate shows what it costs.",
    ),
    Fault(
        "TR93",
        "Watches the wrong side",
        (TEXT,),
        "Early stopping, or schedule plateau, played on evaluations that improve each time; the "
        "mode of a search.",
        "It acts (by construction). A search, which is no training, is a warning.",
        "Early stopping ends a run because it improves, and keeps its worst weights. plateau "
        "lowers the learning rate of a run that gets on well. A short training shows neither.",
        "`mode: auto`, or leave it out.",
        "early_stopping: {monitor: val_loss, mode: max, patience: 3}",
    ),
    Fault(
        "TR106",
        "Improvements do not count",
        (TEXT, DATA),
        "The min_delta of early stopping, or of schedule plateau, against all that there is to "
        "gain: 1 for an accuracy, the loss of a constant answer for a loss.",
        "All of it: an error. A tenth (own): a warning.",
        "Progress passes for none, so the run ends, or its learning rate falls. A short training "
        "shows neither.",
        "0, or a thousandth.",
        "early_stopping: {monitor: val_accuracy, min_delta: 1.0}",
    ),
    Fault(
        "TR107",
        "Stopping by chance or not at all",
        (TEXT, DATA),
        "Early stopping with a patience of 1 on few validation samples; or on the training loss.",
        "Fewer than 500 samples (own: the accuracy then has an error of more than a point), in a "
        "run of 10 evaluations or more.",
        "The first unlucky evaluation ends the run; or the run goes on while it overfits.",
        "A patience of a fifth of the evaluations; `monitor: val_loss`.",
        "early_stopping: {monitor: train_loss}",
    ),
    Fault(
        "TR108",
        "Expectation out of reach",
        (TEXT,),
        "What `expect` wants of a metric that is a share.",
        "No value between 0 and 1 meets it.",
        "The gate fails every run, however good: percents are mostly meant.",
        'A share: `test.accuracy: ">= 0.96"`.',
        'expect: {test.accuracy: ">= 96"}',
    ),
)
