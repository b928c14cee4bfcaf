"""What only loss curves, or a whole diagnosis, show."""

from trickrun.findings.faults.fault import Fault

TEXT, DATA = "validate", "validate --data"
READ = ("curves", "train")

FAULTS = (
    Fault(
        "TR51",
        "Overfitting without regularization",
        READ,
        "As TR56, with a training loss near 0 and no regularization in the recipe.",
        "5 % of what there is to learn is left in training; see TR56.",
        "The network memorizes the samples, and nothing limits it.",
        "Dropout or l2; more data; early stopping.",
        explains=("TR55", "TR62"),
    ),
    Fault(
        "TR55",
        "Too few epochs",
        (TEXT, DATA, *READ),
        "How much the loss fell in the second half of the run. From the recipe alone: fewer than "
        "100 steps.",
        "Twice the length must promise 3 % of what there is to learn and a tenth of the loss. "
        "Own, measured on the shipped recipes. The finding about the number of steps is a remark.",
        "The run ends before training is finished.",
        "Train for twice as long.",
        "train: {steps: 20}",
        explains=("TR62", "TR63"),
    ),
    Fault(
        "TR56",
        "Overfitting",
        READ,
        "Validation loss that rises while the training loss falls, or that is far above it.",
        "A rise of 5 % (Prechelt's GL5) that lasts three evaluations, or a gap of 0.10 "
        "(AutoTrainer).",
        "The network memorizes the training samples.",
        "Regularize: dropout, l2, augmentation, early stopping.",
        explains=("TR55", "TR62"),
    ),
    Fault(
        "TR57",
        "Oscillation",
        READ,
        "Swings between peaks and troughs in the second half of the run.",
        "0.03 of accuracy in a fifth of the epochs (AutoTrainer); the loss must swing too.",
        "The steps overshoot.",
        "A learning rate that decays, or a smaller one.",
    ),
    Fault(
        "TR60",
        "Diverged",
        (*READ, "watch"),
        "A loss that is NaN or infinite, or that ends at or above the loss of a constant answer.",
        "1.5 times the loss of a constant answer (own).",
        "The steps are so large that they destroy the weights.",
        "A tenth of the learning rate; a warm-up; gradient clipping.",
        explains=("TR43", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR61",
        "Plateau",
        (*READ, "watch"),
        "A loss that never falls, or that starts to fall only after a large part of the run.",
        "90 % of what there is to learn is left (own), or a fifth of the run passes without a "
        "fall.",
        "The network learns nothing, or starts late.",
        "`trickrun lr-find` and `trickrun signal` show why.",
        explains=("TR62",),
    ),
    Fault(
        "TR62",
        "Underfitting",
        READ,
        "Training loss at the end, without a gap to validation.",
        "60 % of what there is to learn is left (AutoTrainer's accuracy of 0.6).",
        "Size, regularization or step size hold the network back, unless the data allow no better.",
        "Less regularization, or more units.",
    ),
    Fault(
        "TR63",
        "Lucky early epoch",
        READ,
        "The best evaluation compared with its neighbours.",
        "Four standard deviations of the noise in the first half of the run (own).",
        "The weights that are kept were lucky. New data will not reach that score.",
        "More validation samples.",
    ),
    Fault(
        "TR64",
        "Unstable over seeds",
        ("curves",),
        "The best values of runs that differ only in their seed.",
        "0.03 of accuracy (AutoTrainer's swing), a tenth of what there is to learn otherwise.",
        "A single run says little about the recipe.",
        "Smaller steps, a warm-up, or normalization.",
    ),
    Fault(
        "TR65",
        "Healthy curves",
        READ,
        "None of the shapes above.",
        "See docs/steps/6-curves.md.",
        "At the end nothing falls, rises or swings more than is normal.",
        "Nothing.",
    ),
    Fault(
        "TR66",
        "Too short to judge",
        READ,
        "The number of evaluations and the length of the run.",
        "Five (own): with fewer, noise and trend cannot be told apart. A warning if the run is "
        "shorter than its warm-up or one epoch, unless it beats a constant answer.",
        "There is not enough to judge yet.",
        "More epochs, or a smaller `train.eval_every`.",
    ),
    Fault(
        "TR112",
        "No better than a constant answer",
        ("curves", "train", "eval", "lr-find", "grid", "checklist", "watch"),
        "The loss and the accuracy compared with those of the best constant answer of the "
        "training split, on the same samples.",
        "A lead that chance does not explain. With N samples it is 9 / (2 N) for a likelihood, "
        "the square of three standard deviations (Wilks 1938), and 9 / N of the constant's loss "
        "for values; or three standard errors of the accuracy. For the best of K trainings, 9 + 2 "
        "ln K replaces 9.",
        "The network learned nothing that holds for these samples.",
        "`trickrun diagnose` tells the causes apart: the learning rate, the length, the data, or "
        "targets that do not depend on the inputs.",
        explains=("TR61", "TR62", "TR73", "TR113"),
        weighed=None,
    ),
    Fault(
        "TR113",
        "Behind a linear model",
        ("curves", "grid", "checklist", "eval"),
        "The first metric of the recipe that fits the task, compared with that of ridge "
        "regression on the same split, fitted on at most 2000 samples.",
        "One standard error of the linear model's value (own).",
        "A linear model reaches the same in a second, without training a network.",
        "`trickrun diagnose` looks for the cause; or keep the linear model.",
        weighed=None,
    ),
    Fault(
        "TR90",
        "Trains badly, and no edit helps",
        ("diagnose",),
        "The skill of the recipe, of its edits and of other learners on the same samples.",
        "A tenth of skill below what can be reached (own).",
        "The cause is in the data, or in code that a recipe cannot change.",
        "Look at the data and the code named in the finding.",
    ),
)
