"""What only loss curves, or a whole diagnosis, show."""

from trickrun.findings.faults.fault import Fault

TEXT, DATA = "validate", "validate --data"
READ = ("curves", "train")

FAULTS = (
    Fault(
        "TR51",
        "Overfitting, with nothing against it",
        READ,
        "As TR56, with a training loss near 0 and no regularization in the recipe.",
        "5 % of what there is to learn left in training; see TR56.",
        "The network learns the samples by heart, and nothing holds it back.",
        "Dropout or l2; more data; early stopping.",
        explains=("TR55", "TR62"),
    ),
    Fault(
        "TR55",
        "Too few epochs",
        (TEXT, DATA, *READ),
        "What the loss lost in the second half of the run; in the text, fewer than 100 steps.",
        "Twice the length must promise 3 % of what there is to learn and a tenth of the loss. Own, "
        "measured on the shipped recipes; the number of steps is a remark.",
        "The run ends before it is done.",
        "Twice the length.",
        "train: {steps: 20}",
        explains=("TR62", "TR63"),
    ),
    Fault(
        "TR56",
        "Overfitting",
        READ,
        "Validation loss rising while training loss falls, or far above it.",
        "A rise of 5 % (Prechelt's GL5) that lasts three evaluations, or a gap of 0.10 "
        "(AutoTrainer).",
        "The network learns the training samples by heart.",
        "Regularize: dropout, l2, augmentation, early stopping.",
        explains=("TR55", "TR62"),
    ),
    Fault(
        "TR57",
        "Oscillation",
        READ,
        "Ways between peaks and troughs in the second half of the run.",
        "0.03 of accuracy in a fifth of the epochs (AutoTrainer), and the loss must swing too.",
        "The steps overshoot.",
        "A learning rate that falls, or a smaller one.",
    ),
    Fault(
        "TR60",
        "Diverged",
        (*READ, "watch"),
        "A loss that is not a number, or that ends at or above that of always giving the same "
        "answer.",
        "1.5 times the loss of always giving the same answer (own).",
        "The steps throw the weights about.",
        "A tenth of the learning rate; warm-up; clipping.",
        explains=("TR43", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR61",
        "Plateau",
        (*READ, "watch"),
        "A loss that never falls, or only after a good part of the run.",
        "90 % of what there is to learn left (own); a fifth of the run without a fall.",
        "Nothing is learned, or late.",
        "`trickrun lr-find` and `trickrun signal` tell why.",
        explains=("TR62",),
    ),
    Fault(
        "TR62",
        "Underfitting",
        READ,
        "Training loss at the end, with no gap to validation.",
        "60 % of what there is to learn left (AutoTrainer's 0.6 of accuracy).",
        "Size, regularization or steps hold the network back, unless the data allow no more.",
        "Less regularization, more units.",
    ),
    Fault(
        "TR63",
        "Lucky early epoch",
        READ,
        "The best evaluation against its neighbours.",
        "Four deviations of the noise in the first half of the run (own).",
        "The weights that are kept were lucky; new data will not see that score.",
        "More validation samples.",
    ),
    Fault(
        "TR64",
        "Unstable over seeds",
        ("curves",),
        "The best values of runs that differ only in the seed.",
        "0.03 of accuracy (AutoTrainer's swing), a tenth of what there is to learn otherwise.",
        "A single run says little.",
        "Smaller steps, a warm-up, normalization.",
    ),
    Fault(
        "TR65",
        "Healthy curves",
        READ,
        "None of the shapes above.",
        "See docs/steps/6-curves.md.",
        "Nothing falls, rises or swings at the end by more than is normal.",
        "Nothing.",
    ),
    Fault(
        "TR66",
        "Too short to judge",
        READ,
        "The number of evaluations, and the length of the run.",
        "Five (own): below, noise and trend cannot be told apart. A warning for a run that is "
        "shorter than its warm-up or one epoch, unless it is better than a constant answer.",
        "There is nothing to read yet.",
        "More epochs, or `train.eval_every`.",
    ),
    Fault(
        "TR112",
        "No better than a constant answer",
        ("curves", "train", "eval", "lr-find", "grid", "checklist"),
        "The loss and the accuracy beside those of always giving the answer that is best for the "
        "training part, on the same samples.",
        "A lead that chance does not give: with N samples 9 / (2 N) of a likelihood, which is the "
        "square of three standard deviations (Wilks 1938), or 9 / N of the constant's loss for "
        "values; or three standard errors of the accuracy. For the best of K trainings 9 + 2 ln K.",
        "Nothing was learned that holds for these samples.",
        "`trickrun diagnose`: the rate, the length, the data, or targets that do not follow from "
        "the inputs.",
        explains=("TR61", "TR62", "TR73", "TR113"),
        weighed=None,
    ),
    Fault(
        "TR113",
        "Behind a linear model",
        ("curves", "grid", "checklist", "eval"),
        "The recipe's first metric that suits beside that of ridge regression on the same split, "
        "fitted on at most 2000 samples.",
        "One standard error of the linear model's value (own).",
        "What a linear model does in a second need not be trained for.",
        "`trickrun diagnose` looks for the cause; or keep the linear model.",
        weighed=None,
    ),
    Fault(
        "TR90",
        "Trains badly, and no edit helps",
        ("diagnose",),
        "The skill of the recipe, of its edits, and of other learners on the same samples.",
        "A tenth of skill behind what is reachable (own).",
        "The cause lies in the data, or in code that a recipe cannot change.",
        "Look at the data and the code at the place named.",
    ),
)
