"""Faults of the data, the targets and the splits."""

from trickrun.findings.faults.fault import Fault
from trickrun.findings.faults.symptoms import OVERFIT, SIGNAL, STUCK, WILD

TEXT, DATA = "validate", "validate --data"

FAULTS = (
    Fault(
        "TR01",
        "Unscaled inputs",
        (DATA, "train", "initial-loss", "overfit-batch", "watch"),
        "The root mean square of each feature as it enters the network.",
        "The largest is above 5 (above 50 it is an error, unless the hidden layers are "
        "normalized), or above 1 and 100 times the smallest. TheDeepChecker asks for [0, 1], [-1, "
        "1] or mean 0 and standard deviation 1. The bounds are our own, so that standardized "
        "data, which leave [-1, 1], pass.",
        "Large inputs make every step of the first layer too long and hide the small inputs.",
        "Standardize the inputs; `standard` is fitted on the training split alone.",
        "data: {kind: wine, normalize: none}",
        explains=(*SIGNAL, *WILD, *STUCK, "TR50"),
    ),
    Fault(
        "TR02",
        "Inputs scaled twice",
        (DATA, "train", "watch"),
        "The standard deviation of all inputs together, and the largest value.",
        "A standard deviation below 0.05 and no value above 0.5; below 0.005 it is an error. Own: "
        "pixels divided by 255 twice have 0.0014. A sparse code has large values and passes.",
        "Such inputs hardly affect the outputs: the biases matter more.",
        "Remove one of the two scalings.",
        "data: {kind: mnist, normalize: {kind: fixed, mean: 0, std: 65025}}",
        explains=(*SIGNAL, *STUCK, "TR14"),
    ),
    Fault(
        "TR03",
        "Splits scaled differently",
        (DATA, "train", "watch"),
        "The distance of a split's feature means from those of the training split, in its "
        "standard deviations, and the ratio of the standard deviations.",
        "0.25 standard deviations beyond four standard errors, or a ratio outside 0.5 to 2; five "
        "times as far is an error. Own; a split of a few samples may vary by chance. The parts of "
        "a split by time differ by design: that is a remark. In a program also means of exactly 0 "
        "and deviations of 1, in samples that are none of the training's.",
        "The network is scored on inputs that differ from its training inputs.",
        "Scale all splits alike, with the statistics of the training split. Data that come with "
        "their own splits must use one unit for all of them.",
        explains=(*OVERFIT, "TR47"),
    ),
    Fault(
        "TR04",
        "Constant features",
        (DATA, "train", "overfit-batch", "watch"),
        "Features that have a single value in all training samples.",
        "Standard deviation 0 (TheDeepChecker). Borders of images and padding do not count. All "
        "features constant: an error.",
        "A constant feature says nothing. If it changes later, the network has never learned what "
        "that means.",
        "Drop the columns: `data.drop`. If all inputs are alike, check how they are read.",
        weighed="error",
        explains=("TR14", *STUCK),
    ),
    Fault(
        "TR05",
        "NaN or infinity in the inputs",
        (DATA, "train", "initial-loss", "watch"),
        "Values that are NaN or infinite after normalization.",
        "Any such value (TheDeepChecker).",
        "One of them turns the loss, and then every weight, into NaN.",
        "Clean the data, or fill the missing values.",
        explains=(*SIGNAL, *WILD),
    ),
    Fault(
        "TR06",
        "Unscaled targets",
        (DATA, "train", "initial-loss", "watch"),
        "The root mean square of the targets around the head's bias.",
        "Above 10 or below 0.1 (mse, huber); above 50 with sgd it is an error. Measured: sgd at "
        "its usual rates learned at 10 and diverged at 77; at 0.1 the error was 4 to 8 times as "
        "high.",
        "An untrained network outputs numbers of about 1, and its steps change them by about as "
        "much.",
        "Standardize the targets. Scores and predictions stay in the original unit.",
        "data: {kind: diabetes}",
        explains=(*SIGNAL, *WILD, *STUCK, "TR24", "TR50", "TR71"),
    ),
    Fault(
        "TR07",
        "Class imbalance",
        (DATA, "train", "overfit-batch", "watch"),
        "The number of samples of the largest class over that of the smallest; or all targets "
        "alike.",
        "10 (SageMaker Debugger), unless the loss weights the classes or `data.sampling` shows "
        "all of them equally often. A single target value: an error. In a program: 10 beside a "
        "class that is half of all, where a quarter of the rare one is missed at the end (own).",
        "A network that always predicts the largest class scores well without learning anything.",
        "`class_weights: balanced`, and a metric such as f1_macro beside accuracy.",
        explains=("TR24", "TR61", "TR62", "TR112", "TR113"),
    ),
    Fault(
        "TR08",
        "Split leakage",
        (DATA, "train", "watch"),
        "Validation and test samples whose input is also in the training split, found by hashes. "
        "Also a column whose values repeat across splits, where the nearest sample with the same "
        "value predicts the target and the nearest one with another value does not. Of a program: "
        "optimizer steps on another loader's batches, with the model in evaluation mode.",
        "5 % (catalogue). From 50 % on it is an error, because the score then measures memory "
        "more than new samples (own). It does not apply where the features take so few values "
        "that repeats are expected. Groups: 20 or more, and a skill that is 0.2 and a standard "
        "error lower without the sample's own group (own).",
        "The score measures how well the network memorizes.",
        "Remove copies before the split, or keep them in one split: "
        "`data.split.group_duplicates`, `data.split.group`.",
        explains=("TR09",),
    ),
    Fault(
        "TR09",
        "Validation better than training",
        ("curves", "train"),
        "Validation loss below the training loss in the second half of the run, without dropout "
        "or augmentation.",
        "5 % of what there is to learn (UMLAUT: 5 points of accuracy), beyond what the number of "
        "samples explains.",
        "The validation split is easier than the training data, so its score is too optimistic.",
        "Look for copies, groups, or an order in the data that the split follows.",
    ),
    Fault(
        "TR10",
        "Targets unrelated to inputs",
        ("diagnose", "watch"),
        "No network, no other learner and no other run on the same data does better than a "
        "constant answer; or your training step pairs inputs with the targets of other samples. "
        "Of a program: the network does no better, nor do nearest neighbours and a linear model on "
        "the batches that were looked into.",
        "A skill that chance explains (own).",
        "There is nothing to learn; the network can only memorize.",
        "Check where inputs and targets are put together: one of them was shuffled without the "
        "other.",
        explains=(*OVERFIT, *STUCK, "TR14", "TR43"),
    ),
    Fault(
        "TR11",
        "Corrupted labels",
        ("diagnose",),
        "Labels contradicted by both a linear model and trees that have not seen them: the share "
        "among the samples they are surest of, and the share among all. Doubtful labels are found "
        "by confident learning (Northcutt, Jiang & Chuang 2021), listed, and checked with the "
        "recipe's own network trained on other samples.",
        "12 % or more of the surest samples, and at least 70 % of the share among all. Of the "
        "doubtful labels, no more are second best than chance plus a third of the way from chance "
        "to all, or the doubts go in one direction only. It does not apply where the network "
        "gives half of them their own label. Own: where classes overlap, the surest labels are "
        "hardly contradicted, most doubtful labels are second best, and doubts go both ways. Two "
        "classes are not judged.",
        "A network that fits wrong labels memorizes them. One that does not fit them looks as if "
        "it could not learn.",
        "Look at the contradicted samples and at the code that wrote their labels. Label "
        "smoothing and early stopping limit the harm.",
    ),
    Fault(
        "TR12",
        "Labels off by one",
        (DATA, "train"),
        "The first or the last class has no sample in any split.",
        "No sample at all (own). Labels outside the classes are refused when the data is read.",
        "Each label stands for the class next to it, and the class names in reports are wrong.",
        "Make the labels start at 0.",
        explains=("TR07", "TR24", "TR20"),
    ),
    Fault(
        "TR13",
        "Scaled labels",
        (DATA, "train"),
        "Targets of a regression that take at most 20 evenly spaced values that are not whole "
        "numbers.",
        "20 values (own; the csv reader's bound). Fractions as classes are refused when read.",
        "Classes have become values: the network must output 0.7 for 'seven'.",
        "Use the labels as they were before scaling.",
        explains=(*STUCK, "TR06", "TR20", "TR24"),
    ),
    Fault(
        "TR14",
        "Input ignored",
        (TEXT, "initial-loss", "diagnose", "watch"),
        "What enters the head is the same for every sample, or the inputs are switched off. In a "
        "program also the last place of padded sequences, embeddings that have become one point, "
        "and an autoencoder that restores nothing.",
        "A spread below 1e-7 of the size (rounding), or `data.zero_inputs`. Karpathy's recipe: "
        "the real loss must beat the loss on inputs of zeros. In a program: a spread of 0.02 at "
        "the end, five times as much at first; the error of a constant answer (own).",
        "The network can learn nothing but a constant.",
        "Follow the input through the forward pass and find where it is lost.",
        "data: {kind: digits, zero_inputs: true}",
        explains=(*STUCK, "TR45"),
    ),
    Fault(
        "TR15",
        "Equal inputs, different targets",
        (DATA, "train", "overfit-batch"),
        "Training samples that share their input with a sample that has another target.",
        "2 % of them (own: a bound on accuracy of about 99 %); 30 % is an error. It is a remark "
        "where the features can take few values only.",
        "No network can be right about both samples.",
        "Merge the classes, add the feature that tells them apart, or correct the labels.",
        explains=("TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR17",
        "Not shuffled",
        (DATA, "train", "watch"),
        "The share of the targets' variance that lies between batches, where `data.shuffle` is "
        "off.",
        "0.2, and from 0.5 on an error; 0 by chance, 1 for sorted labels. Own.",
        "Each batch pulls the network towards its own class, and the next batch pulls it away.",
        "Shuffle.",
        "data: {kind: iris, shuffle: false}",
        explains=(*OVERFIT, *STUCK, *WILD),
    ),
    Fault(
        "TR97",
        "Target among the inputs",
        (DATA, "train", "watch"),
        "A column of a table that alone determines the target: one value for each class, or the "
        "same order as the values to predict. Also one that nearly does while the other columns "
        "together do not, and row numbers whose ranges predict the class. Of a program: targets "
        "that are the model's own input, one place later or at the same place, and whether the "
        "answers of a copy change with the token that is to be predicted.",
        "One to one on 30 values or samples: an error. A skill of 0.99 or a rank correlation of "
        "0.999, where the others have less than 0.9: a warning. Row numbers: a skill of 0.5, from "
        "0.9 on an error. Own: petal width alone predicts the iris species with a skill of 0.92.",
        "The network reads the answer from a column that new samples lack, or that has other "
        "values there.",
        "Drop the column, unless its value is known before the target is.",
    ),
    Fault(
        "TR98",
        "Random split across time",
        (DATA, "train"),
        "A column of dates or times, and how well a target can be predicted from its neighbours "
        "in time.",
        "0.2 beyond four standard errors (own): a warning. Less: a remark.",
        "With a random split the network fills gaps between days it has seen. In use it must "
        "predict days to come.",
        "Train on samples that are earlier than those for validation and test: `data.split.time`.",
    ),
    Fault(
        "TR83",
        "Class shares differ between splits",
        (DATA, "train"),
        "The distance of a split's class shares from those of the training split, and classes "
        "without a training sample.",
        "0.25 in total variation beyond chance; any class without a training sample (own).",
        "The network is asked about classes it never saw. Balanced class weights give such a "
        "class the weight 0, so no loss counts it either.",
        "Draw the split at random, stratified by class. Add samples to classes that are too small "
        "for that, or leave these classes out.",
    ),
    Fault(
        "TR84",
        "Few validation samples",
        (DATA, "train"),
        "The size of the validation split.",
        "30 (own): an accuracy of 0.9 then has a standard error of 5 points. It is a remark.",
        "An improvement may be luck.",
        "Validate on several folds, or on a larger share.",
        "data: {kind: iris}",
        weighed=None,
    ),
    Fault(
        "TR94",
        "Class weights out of proportion",
        (DATA, "train", "watch"),
        "A class's share of the loss under the weights, compared with its share without weights "
        "and with balanced ones. Also whether larger classes have larger weights.",
        "10 times less; 50 times less is an error (measured). It is always an error where weights "
        "grow threefold with the classes, in proportion to their samples.",
        "The loss hardly counts the class, so the network does well without it. It may look like "
        "a constant answer that does not fit the classes, which a bias of the head seems to cure.",
        "`loss.class_weights: balanced`, or none.",
        explains=("TR20", "TR24", "TR55", "TR61", "TR62", "TR73", "TR112", "TR113"),
    ),
    Fault(
        "TR99",
        "Targets in the wrong rows",
        ("diagnose",),
        "How well nearest neighbours and a linear model predict targets that are moved against "
        "their rows: by 1 to 3 rows up or down, reversed, or sorted. They are tested on rows they "
        "have not seen, in the order of the file.",
        "With the targets as they are, no learner has a skill above 0.5; with moved targets they "
        "gain 0.3 and four standard errors. It does not apply where the moved target is a copy of "
        "one input, which is a forecast. It is a warning where neighbouring rows are alike. "
        "Sorted classes must lose 0.25 if their borders move, so that a row number explains "
        "nothing. Own.",
        "The network learns for each row what is true of another row.",
        "Move the column of targets to the rows it belongs to.",
        explains=(*OVERFIT, *STUCK, "TR10", "TR14"),
    ),
    Fault(
        "TR103",
        "Channels on the last axis",
        (DATA, "train", "watch"),
        "The input shape of a convolutional network, where the recipe does not say which axis "
        "holds the channels. Of a program: whether the channels of a pixel lie side by side in "
        "rows.",
        "[H, W, C] with C of 1, 3 or 4, where H is none of these, both sides are at least 8 and "
        "above 2C, and one side is at most twice the other. A square is an error, anything else a "
        "warning. Own: feature maps of that shape are rare.",
        "The network reads rows as channels and convolves over the colours.",
        "`data.channels: last`, or `x.transpose(0, 3, 1, 2)`. Use `data.channels: first` if the "
        "axes are right.",
        explains=STUCK,
    ),
    Fault(
        "TR109",
        "Distinct values merge",
        (DATA, "train"),
        "How many distinct values a column of a table, or a target, has in the training split, "
        "and how many distinct numbers are left in the training type, in up to a million cells.",
        "1 % of the values lost. Own: of 20000 distinct normal numbers float32 merges 2 in 10000.",
        "float32 has 24 bits: near 20240303 it represents every second integer, near 1.7e9 "
        "(seconds since 1970) one in 128. No network can learn a difference that rounding has "
        "removed.",
        "`data.normalize: standard` and `data.scale_targets: standard` subtract the mean in "
        "float64 first. If they already do, some values are very far from the others: correct "
        "those, or set `train.precision: float64`.",
        explains=(*STUCK, "TR04", "TR10", "TR14"),
    ),
    Fault(
        "TR110",
        "Label that does not vary",
        (DATA, "train"),
        "With `task: multilabel`, how many samples of each split have each label.",
        "Zero variation: no sample of a split has the label, or every one has it (own).",
        "In training nothing can be learned about such a label. In validation or test it has no "
        "AUROC, and its F1 says nothing. Splits are not stratified by labels, so a small one may "
        "lack a rare label.",
        "Another `data.split.seed`, larger splits, or more samples with the label.",
    ),
    Fault(
        "TR111",
        "Labels read as values",
        (DATA, "train"),
        "A regression with several targets that take only the values 0 and 1.",
        "All of them (own). A single target is not judged.",
        "The network predicts numbers that may leave 0 to 1, and errors of sure answers weigh as "
        "much as those of unsure ones. There is no score per label.",
        "`data.task: multilabel`, with the loss bce.",
    ),
)
