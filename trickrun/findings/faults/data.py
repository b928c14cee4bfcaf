"""Faults of the data, the targets and the splits."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import OVERFIT, SIGNAL, STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR01",
        "Unscaled inputs",
        (DATA, "train", "initial-loss", "overfit-batch", "watch"),
        "The root mean square of each feature as the network gets it.",
        "The largest above 5 (50: an error, unless the hidden layers are normalized), or above 1 "
        "and 100 times the smallest. TheDeepChecker asks for [0, 1], [-1, 1] or mean 0 and "
        "deviation 1; the bounds are own, so that standardized data, which leave [-1, 1], pass.",
        "Large inputs make every step of the first layer too long, and drown the small ones.",
        "Standardize the inputs; `standard` is fitted on the training split alone.",
        "data: {kind: wine, normalize: none}",
        explains=(*SIGNAL, *WILD, *STUCK, "TR50"),
    ),
    Fault(
        "TR02",
        "Inputs scaled twice",
        (DATA, "train"),
        "The deviation of all inputs together, and the largest of them.",
        "Deviation below 0.05 and no value above 0.5; below 0.005 an error. Own: pixels divided by "
        "255 twice have 0.0014. A sparse code has large values and passes.",
        "The network hardly sees such inputs: its biases say more than they do.",
        "Drop one of the two scalings.",
        "data: {kind: mnist, normalize: {kind: fixed, mean: 0, std: 65025}}",
        explains=(*SIGNAL, *STUCK, "TR14"),
    ),
    Fault(
        "TR03",
        "Splits scaled differently",
        (DATA, "train"),
        "How far a split's feature means are from the training split's, in its deviations, and how "
        "their deviations compare.",
        "0.25 deviations beyond four standard errors, or a ratio outside 0.5 to 2; five times as "
        "far is an error. Own; a split of a few samples may scatter. The parts of a split by time "
        "differ by design: that is a remark.",
        "The network is scored on inputs unlike those that it was trained on.",
        "Scale all splits alike, with the training split's numbers. Data that bring their own "
        "splits must have them in one unit.",
        explains=(*OVERFIT, "TR47"),
    ),
    Fault(
        "TR04",
        "Constant features",
        (DATA, "train", "overfit-batch", "watch"),
        "Features that have one value in all training samples.",
        "Deviation 0 (TheDeepChecker). Not borders of images, nor padding. All features: an error.",
        "A constant says nothing, and where it changes later nobody has learned what that means.",
        "Drop the columns: `data.drop`. If all inputs are alike, look at how they are read.",
        weighed="error",
        explains=("TR14", *STUCK),
    ),
    Fault(
        "TR05",
        "NaN or infinity in the inputs",
        (DATA, "train", "initial-loss", "watch"),
        "Values that are not finite, after normalization.",
        "Any (TheDeepChecker).",
        "One of them makes the loss and then every weight NaN.",
        "Clean the data, or fill the gaps.",
        explains=(*SIGNAL, *WILD),
    ),
    Fault(
        "TR06",
        "Unscaled targets",
        (DATA, "train", "initial-loss"),
        "The root mean square of the targets about the head's bias.",
        "Above 10 or below 0.1 (mse, huber); with sgd above 50 an error. Measured: sgd at its "
        "usual rates learned at 10 and diverged at 77; at 0.1 the error was 4 to 8 times as high.",
        "An untrained network answers with numbers of about 1 and is stepped by as much.",
        "Standardize the targets; scores and predictions stay in the original unit.",
        "data: {kind: diabetes}",
        explains=(*SIGNAL, *WILD, *STUCK, "TR24", "TR50", "TR71"),
    ),
    Fault(
        "TR07",
        "Class imbalance",
        (DATA, "train", "overfit-batch"),
        "Samples of the largest class over those of the smallest; or all targets alike.",
        "10 (SageMaker Debugger), unless the loss weighs the classes or `data.sampling` shows all "
        "of them equally often. One target only: an error.",
        "Answering always the largest class is a good score, and a trap.",
        "`class_weights: balanced`, and a metric such as f1_macro beside accuracy.",
        explains=("TR24", "TR61", "TR62", "TR112", "TR113"),
    ),
    Fault(
        "TR08",
        "Split leakage",
        (DATA, "train"),
        "Samples of validation and test whose input is in the training split too, by hashes; and "
        "a column with several samples a value in several parts, where the nearest sample of the "
        "same value tells the target and the nearest one of another value does not.",
        "5 % (catalogue); from 50 % on an error, because the score then tells more of memory than "
        "of new samples (own). Not where the features take so few values that this is no surprise. "
        "Groups: of 20 or more, with a skill that is 0.2 and a standard error lower without their "
        "own group (own).",
        "The score tells how well the network remembers.",
        "Remove copies before the split, or keep them on one side: `data.split.group_duplicates`, "
        "`data.split.group`.",
        explains=("TR09",),
    ),
    Fault(
        "TR09",
        "Validation better than training",
        ("curves", "train"),
        "Validation loss below training loss in the second half of the run, without dropout or "
        "augmentation.",
        "5 % of what there is to learn (UMLAUT: 5 points of accuracy), beyond what the number of "
        "samples explains.",
        "The split is easier than the training data: a score there promises too much.",
        "Look for copies, groups or an order that the split follows.",
    ),
    Fault(
        "TR10",
        "Targets unrelated to inputs",
        ("diagnose",),
        "Neither this network, nor other learners, nor another run on the same data does better "
        "than always giving the same answer; or a step of the user's "
        "pairs inputs with other samples' targets.",
        "A skill that chance explains. Own.",
        "There is nothing to learn, except by heart.",
        "Look at where inputs and targets are put together: one of them was shuffled alone.",
        explains=(*OVERFIT, *STUCK, "TR14"),
    ),
    Fault(
        "TR11",
        "Corrupted labels",
        ("diagnose",),
        "Labels that a linear model and trees contradict, which agree and have not seen them: "
        "among the samples that they are surest of, and among all. What they doubt is found by "
        "confident learning (Northcutt, Jiang & Chuang 2021), listed, and put to the recipe's own "
        "network, trained on other samples.",
        "12 % of the surest and more, which is 70 % of the share among all; and of the doubted no "
        "more second best than chance and a third of the way from there to all, or doubts in one "
        "direction alone. Not where the network gives half of them the label that "
        "they have. Own: where classes overlap, the surest are hardly contradicted, most doubted "
        "labels are second best, and doubts go both ways. Two classes are not judged.",
        "A network that fits them learns them by heart; one that does not looks as if it could "
        "not learn.",
        "Look at the contradicted samples, and at what wrote their labels. Label smoothing and "
        "early stopping limit the harm.",
    ),
    Fault(
        "TR12",
        "Labels off by one",
        (DATA, "train"),
        "The first or the last class has no sample in any split.",
        "None at all (own). Labels outside the classes are refused when the data are read.",
        "Each label stands for its neighbour's class, and names in reports are wrong.",
        "Let the labels count from 0.",
        explains=("TR07", "TR24", "TR20"),
    ),
    Fault(
        "TR13",
        "Scaled labels",
        (DATA, "train"),
        "Targets of a regression that take at most 20 values at even distances, no whole numbers.",
        "20 values (own; the csv reader's bound). Fractions as classes are refused when read.",
        "Classes have become values: a network must say 0.7 for 'seven'.",
        "Give the labels as they were before the scaling.",
        explains=(*STUCK, "TR06", "TR20", "TR24"),
    ),
    Fault(
        "TR14",
        "Input ignored",
        (TEXT, "initial-loss", "diagnose"),
        "What enters the head is the same for every sample, or the inputs are switched off.",
        "A spread below 1e-7 of the size (rounding); `data.zero_inputs`. Karpathy's recipe: the "
        "real loss must beat that of zero inputs.",
        "The network can learn nothing but a constant.",
        "Follow the input through the forward pass; look for what multiplies it away.",
        "data: {kind: digits, zero_inputs: true}",
        explains=(*STUCK, "TR45"),
    ),
    Fault(
        "TR15",
        "Equal inputs, other targets",
        (DATA, "train", "overfit-batch"),
        "Training samples that share their input with one of another target.",
        "2 % of them (own: a bound on accuracy of about 99 %); 30 %: an error. A remark where the "
        "features can take few values only.",
        "No network can be right about both.",
        "Merge the classes, add the feature that tells them apart, or correct the labels.",
        explains=("TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR17",
        "Not shuffled",
        (DATA, "train", "watch"),
        "Share of the targets' variance that lies between batches, where `data.shuffle` is off.",
        "0.2, and from 0.5 on an error; 0 by chance, 1 for sorted labels. Own.",
        "Each batch pulls the network to its own class, the next one away again.",
        "Shuffle.",
        "data: {kind: iris, shuffle: false}",
        explains=(*OVERFIT, *STUCK, *WILD),
    ),
    Fault(
        "TR97",
        "Target among the inputs",
        (DATA, "train"),
        "A column of a table that tells the target alone: one value for each class or, for values "
        "to predict, in the same order; or nearly, where the other columns together do not; or a "
        "number of the lines whose ranges tell the class.",
        "One to one, on 30 values or samples: an error. A skill of 0.99, or a rank correlation of "
        "0.999, where the others have less than 0.9: a warning. Numbers of lines: a skill of 0.5, "
        "from 0.9 on an error. Own: petal width alone tells the iris with a skill of 0.92.",
        "The network reads the answer off a column that new samples lack, or have otherwise.",
        "Drop the column, unless it is known before the target is.",
    ),
    Fault(
        "TR98",
        "Random split across time",
        (DATA, "train"),
        "A column of dates or times, and how much of a target its neighbours in time tell.",
        "0.2 beyond four standard errors (own): a warning; less: a remark.",
        "A random split lets the network fill gaps between days that it knows; in use it must "
        "answer for days to come.",
        "Train on earlier samples than those that validate and test: `data.split.time`.",
    ),
    Fault(
        "TR83",
        "Splits of other classes",
        (DATA, "train"),
        "Distance of the class shares of a split from the training split's, and classes of which "
        "there is no training sample.",
        "0.25 in total variation beyond chance; any class without a training sample. Own.",
        "The network is asked for what it was never shown. Balanced class weights give such a "
        "class the weight 0, so that no loss counts it either.",
        "Draw the split at random, stratified by class; add samples of classes that are too small "
        "for that, or leave them out.",
    ),
    Fault(
        "TR84",
        "Few validation samples",
        (DATA, "train"),
        "The size of the validation split.",
        "30 (own): an accuracy of 0.9 then has a standard error of 5 points. A remark.",
        "What looks better may be luck.",
        "Validate on folds in turn, or on a larger share.",
        "data: {kind: iris}",
        weighed=None,
    ),
    Fault(
        "TR94",
        "Class weights out of proportion",
        (DATA, "train"),
        "A class's share of the loss under the weights, against that without weights and that with "
        "balanced ones; and whether larger classes have larger weights.",
        "10 times less, 50 times an error (measured). Where weights grow with the classes 3 times, "
        "and in proportion to their samples always an error.",
        "The network does well without the class that hardly counts. It shows as always the same "
        "answer that does not suit the classes, which a bias of the head seems to mend.",
        "`loss.class_weights: balanced`, or none.",
        explains=("TR20", "TR24", "TR55", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR99",
        "Targets beside other rows",
        ("diagnose",),
        "What nearest neighbours and a linear model make of targets that are moved against their "
        "rows: by 1 to 3 rows up or down, in reverse order, or sorted; on rows that they have not "
        "seen, in the order of the file.",
        "As they stand no learner has a skill above 0.5, and moved they gain 0.3 and four standard "
        "errors. Not where the moved target is a copy of one input, which is a forecast; a warning "
        "where neighbouring rows are alike. Sorted classes must lose 0.25 if their borders move, "
        "so that a running number explains nothing. Own.",
        "The network learns of each row what is true of another.",
        "Move the column of targets to the rows that it belongs to.",
        explains=(*OVERFIT, *STUCK, "TR10", "TR14"),
    ),
    Fault(
        "TR103",
        "Channels on the last axis",
        (DATA, "train"),
        "The shape of an input of a convolutional network, where the recipe does not say on which "
        "axis the channels are.",
        "[H, W, C] with C of 1, 3 or 4, H none of these, sides of 8 and more and above 2C, one "
        "side at most twice the other; a square is an error, anything else a warning. Own: "
        "feature maps of that form are rare.",
        "The network takes rows for channels and convolves over the colours.",
        "`data.channels: last`, or `x.transpose(0, 3, 1, 2)`. `data.channels: first` says that the "
        "axes are as they should be.",
        explains=STUCK,
    ),
    Fault(
        "TR109",
        "Different values become one",
        (DATA, "train"),
        "How many different values a column of a table, or a target, has in the training split, "
        "and how many different numbers these are in the training type; in up to a million cells.",
        "1 % of the values lost. Own: of 20000 different normal numbers float32 merges 2 in 10000.",
        "float32 has 24 bits: near 20240303 it tells every second number, near 1.7e9 (seconds "
        "since 1970) one in 128. What it does not tell, no network can learn.",
        "`data.normalize: standard` and `data.scale_targets: standard` subtract the mean in "
        "float64 first. Where they do already, some values are very far from the others: mend "
        "those, or set `train.precision: float64`.",
        explains=(*STUCK, "TR04", "TR10", "TR14"),
    ),
    Fault(
        "TR110",
        "Label that does not vary",
        (DATA, "train"),
        "With `task: multilabel`, how many samples of each part have each label.",
        "None at all: no sample of a part, or every one (own).",
        "In training nothing can be learned of such a label. In validation or test it has no "
        "AUROC, and its F1 says nothing. Splits are not stratified by labels, so a small part may "
        "lack a rare one.",
        "Another `data.split.seed`, larger parts, or more samples with the label.",
    ),
    Fault(
        "TR111",
        "Labels taken for values",
        (DATA, "train"),
        "Several targets of a regression that are all 0 or 1, each of them both.",
        "None at all (own): a single target is left alone.",
        "The network predicts numbers that may leave 0 to 1, and errors of sure answers weigh as "
        "much as those of unsure ones; no score per label is told.",
        "`data.task: multilabel`, with the loss bce.",
    ),
)
