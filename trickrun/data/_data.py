"""What every data kind shares: batches, splitting, normalization, and the words the checks need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.data.normalizers import NORMALIZERS, AnyNormalize
from trickrun.data.normalizers._targets import TargetScale
from trickrun.data.splits.source import Columns, Pool, Samples, Source, SplitData, Task, TaskName
from trickrun.params import (
    Count,
    CountOrZero,
    KindFolder,
    Params,
    Seed,
    Share,
    Stackable,
    TwoOrMore,
)

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit


class Split(Params):
    """How validation and test samples are taken from the data where it brings none of its own."""

    val: Share = Field(default=0.15, description="share of all samples for validation")
    test: Share = Field(default=0.15, description="share of all samples for the final test")
    folds: TwoOrMore | None = Field(
        default=None, description="validate on one of this many equal parts, instead of on val"
    )
    fold: Annotated[CountOrZero, Stackable()] = Field(
        default=0, description="which of the folds validates, from 0"
    )
    stratified: bool = Field(
        default=True,
        description="keep the share of each class, as far as groups allow; not with time",
    )
    group: str | None = Field(
        default=None,
        description="a table's column; samples with equal values there stay in one split",
    )
    time: str | None = Field(
        default=None,
        description="a table's column of dates, date-times or numbers; the latest samples test, "
        "those before them validate, the earliest train, and equal times stay in one "
        "split",
    )
    group_duplicates: bool = Field(
        default=False, description="equal samples (inputs and target) stay in one split"
    )
    seed: Annotated[Seed, Stackable()] = Field(
        default=0, description="separate from the recipe's seed"
    )

    @model_validator(mode="after")
    def _times_keep_nothing_together(self) -> Split:
        if self.time is not None and self.group is not None:
            raise ValueError("a split by time cuts through groups; remove time or group")
        if self.time is not None and self.group_duplicates:
            raise ValueError("a split by time cuts through duplicates; set group_duplicates: false")
        return self

    @model_validator(mode="after")
    def _fold_is_one_of_the_folds(self) -> Split:
        if self.fold >= (self.folds or 1):
            raise ValueError(
                f"fold {self.fold} of {self.folds or 'no'} folds does not exist; they count from 0"
            )
        return self


class Subset(Params):
    """A smaller training split."""

    main: ClassVar[str | None] = "n"

    n: Count = Field(description="number of training samples")
    stratified: bool = True
    seed: Annotated[Seed, Stackable()] = 0


class Data(Params):
    """Parameters that every data kind takes beside its own."""

    task_kind: ClassVar[TaskName | None] = None
    """What the kind always asks for; None if its parameters or its samples decide."""

    table: ClassVar[bool] = False
    """Whether its samples are known to be no images, but features in columns or steps."""

    own_split: ClassVar[bool | None] = None
    """Whether it brings a validation or test part of its own; None if only its files can tell."""

    has_columns: ClassVar[bool] = False
    """Whether its samples are lines of a table whose columns the split can name."""

    token_ids: ClassVar[bool] = False
    """Whether its samples are token ids, which only an embedding makes numbers of."""

    characters: ClassVar[bool] = False
    """Whether its samples are pictures of signs that people read, which a mirror changes."""

    from_user: ClassVar[bool] = False
    """Whether its samples are the user's, who may have scaled them before."""

    samples_are: ClassVar[str] = "samples"
    """What people call its samples, in the plural."""

    places: ClassVar[tuple[str, ...]] = ()
    """Folders that are searched if the recipe gives no path, relative ones from the recipe's;
    none: it is not searched for."""

    batch_size: Count | Literal["full"] = Field(default=64, description="samples per step, or full")
    normalize: Annotated[AnyNormalize, Stackable()] = Field(
        default_factory=NORMALIZERS.default("standard"),
        description="fitted on the training split only",
    )
    scale_targets: TargetScale = Field(
        default="none",
        description="how the loss sees values to predict, as fitted on the training split; "
        "standard: with mean 0 and standard deviation 1; log: their logarithms scaled "
        "so, for skewed values above 0; quantile: each value's quantile of a normal "
        "distribution; metrics and predictions stay in the data's own unit",
    )
    split: Split = Field(default=Split(), description="validation and test shares")
    subset: Subset | None = Field(default=None, description="train on fewer samples")
    shuffle: bool = Field(default=True, description="a new order of the samples in each epoch")
    sampling: Literal["uniform", "balanced"] = Field(
        default="uniform",
        description="balanced: an epoch shows every class equally often and repeats rare ones",
    )
    drop_last: bool = Field(default=False, description="drop an epoch's last, smaller batch")
    zero_inputs: Annotated[bool, Stackable()] = Field(
        default=False, description="set all inputs to zero: a baseline for checks"
    )

    @property
    def embeds_categories(self) -> bool:
        """Whether columns may hold the numbers of categories, which only an embedding makes numbers
        of."""
        return False

    @property
    def without_unknown(self) -> dict[str, str]:
        """The change of the recipe with which no known category counts as unknown in training."""
        return {}

    @model_validator(mode="after")
    def _sampling_shuffles(self) -> Data:
        if self.sampling == "balanced" and not self.shuffle:
            raise ValueError("balanced sampling draws the samples, so shuffle cannot be false")
        return self

    def load(self, folder: Path) -> Source:
        """Return the data set; relative paths are relative to ``folder``, the recipe's.

        Raises DataError if it is missing or broken.
        """
        raise NotImplementedError

    def load_for(self, folder: Path, task: Task) -> Source:
        """Return the data set with the features of a run, whose ``task`` is given, even if what is
        made of the data has changed since. Raises DataError."""
        return self.load(folder)

    def fill(self, source: Source, rows: torch.Tensor) -> Source:
        """Return ``source``, which ``load`` returned, without missing inputs: filled with what the
        samples ``rows`` [M] of "train" say, which are trained on."""
        return source

    def load_again(self, folder: Path, kept: KeptSplit) -> Source:
        """Return the data set as it was when a run was begun, whose split ``kept`` is: the same
        samples in the same order, whatever their order is now.

        Raises DataError; DataChanged if they are not the same samples.
        """
        from trickrun.data.splits.kept import restored
        from trickrun.data.splits.keys import keys_of

        source = self.load(folder)
        return restored(source, kept, keys_of(source), self.samples_are)

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        """Return the samples that the data have now, of which a run, whose split ``kept`` and
        whose task are given, may know some. Raises DataError."""
        from trickrun.data.splits.kept import places_in, read_places
        from trickrun.data.splits.keys import keys_of

        source = self.load(folder)
        keys = keys_of(source).together()

        def read(places: torch.Tensor) -> Samples:
            known = places_in(keys, kept.keys[kept.members("train")])
            return read_places(self, source, known[known >= 0], places, task)

        return Pool(keys, read)

    def finish(
        self, source: Source, train: SplitData, val: SplitData | None, test: SplitData | None
    ) -> tuple[SplitData, SplitData | None, SplitData | None, Task]:
        """Return the split parts of ``source`` and its task after what can be done only now: what
        must be learned from the training part alone. Numbers are normalized already."""
        return train, val, test, source.task

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        """Return the samples in another file, for a run of this data that is trained already.

        Args:
            path: a table, a numpy file, or IDX images; with targets or without.
            task: the run's; it names features and classes.
            shape: of one of the run's inputs.

        Raises DataError if the file is broken or does not have the run's features.
        """
        from trickrun.data.formats.files import read_samples

        return read_samples(path, task, shape, Columns())

    def found_in(self, folder: Path) -> Path:
        """Return the folder that holds its files; what has ``places`` says this.

        Raises DataError, which lists the places.
        """
        raise NotImplementedError

    def fingerprint(self, folder: Path) -> Any:
        """Return plain data that changes when the data set does, for a trial's identity."""
        return None


DATA_KINDS = KindFolder("trickrun.data", "_data.Data")

AnyData = Annotated[Data, DATA_KINDS]
"""One of the data kinds."""
