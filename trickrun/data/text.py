from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.data._data import Data
from trickrun.data.formats.labels import check_two_classes, class_names, class_places
from trickrun.data.formats.paths import content_hash, decoded, locate
from trickrun.data.formats.reader import read_table
from trickrun.data.formats.row_keys import known_keys, row_keys
from trickrun.data.formats.table import Table
from trickrun.data.formats.tokens import (
    Coded,
    Level,
    blocks,
    coded_text,
    coded_texts,
    kept_tokens,
    renumbered,
)
from trickrun.data.normalizers._normalizer import AnyNormalize
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.splits.kept import PARTS, changed_columns, check_table, moved
from trickrun.data.splits.keys import indexed
from trickrun.data.splits.source import Keys, Pool, Samples, Source, SplitData, Task, TaskName
from trickrun.errors import DataError
from trickrun.params import Count

if TYPE_CHECKING:
    import torch

    from trickrun.data.splits.kept import KeptSplit

TEXT_COLUMN = "text"
"""The column of texts in a table, if the recipe names no other."""


class Text(Data):
    """Texts to classify, from a table; or one text whose next characters are to be predicted.

    When: with ``target``: messages, reviews, names and their class. Without: a language model.
    Defaults: tokens auto are words to classify (in lower case, signs apart) and characters to
        predict. The vocabulary is that of the training split, after ``<padding>`` and
        ``<unknown>``. A text to predict is cut into samples of ``length``; its end is the test
        part, what stands before that the validation part, so that neither is seen in training.
    Interactions: it needs a model that takes tokens: rnn, lstm, gru or transformer.
    Source: Shannon 1951, Prediction and Entropy of Printed English.
    """

    task_kind: ClassVar[TaskName | None] = "classification"
    own_split: ClassVar[bool | None] = False
    token_ids: ClassVar[bool] = True

    main: ClassVar[str | None] = "path"

    kind: Literal["text"] = "text"
    path: str = Field(
        description="the table or the plain text, gz or not; relative to the recipe",
        examples=["text.txt"],
    )
    target: str | None = Field(
        default=None, description="the table's column of classes; null: predict the next token"
    )
    column: str | None = Field(
        default=None, description="the table's column of texts; null: the one named text"
    )
    tokens: Literal["auto", "char", "word"] = Field(
        default="auto", description="the units that texts are cut into; auto: by the task"
    )
    length: Count = Field(
        default=64, description="tokens per sample: longer texts are cut off, shorter ones padded"
    )
    vocabulary: Count = Field(
        default=10_000, description="number of most frequent tokens that are kept"
    )
    normalize: AnyNormalize = Field(
        default=NoNormalize(), description="none: tokens are not numbers"
    )

    @model_validator(mode="after")
    def _words_fit(self) -> Text:
        if self.normalize.kind_name != "none":
            raise ValueError("tokens cannot be normalized; remove normalize")
        if self.target is None and self.column is not None:
            raise ValueError("column names the texts of a table; name its target too")
        return self

    @property
    def level(self) -> Level:
        """What a token is."""
        if self.tokens != "auto":
            return self.tokens
        return "char" if self.target is None else "word"

    def load(self, folder: Path) -> Source:
        path = locate(self.path, folder)
        if self.target is None:
            return self.load_plain(path)
        return self.source_of(read_table(path))

    def load_again(self, folder: Path, kept: KeptSplit) -> Source:
        if self.target is None:
            return super().load_again(folder, kept)
        table = read_table(locate(self.path, folder))
        places = check_table(kept, self.used(table), known_keys(table, kept), table)
        return replace(self.source_of(table.rows(places.tolist())), reordered=moved(places))

    def pool(self, folder: Path, kept: KeptSplit, task: Task) -> Pool:
        path = locate(self.path, folder)
        if self.target is None:
            x, y = self.plain_samples(path, task)
            whole = indexed({"train": len(x)}, content_hash(path))
            return Pool(whole.together(), lambda places: Samples(x[places], y[places]))
        table = read_table(path)
        if (keys := known_keys(table, kept)) is None:
            raise changed_columns(kept, self.used(table), table)

        def read(places: torch.Tensor) -> Samples:
            rows = table.rows(places.tolist())
            return Samples(self.inputs(rows, task), self.classes(rows, task.labels))

        return Pool(keys, read, self.used(table))

    def used(self, table: Table) -> tuple[str, ...]:
        """Return the columns of a table that make a sample, as far as they are there."""
        names = (self.column or TEXT_COLUMN, self.target)
        return tuple(name for name in table.columns if name in names)

    def source_of(self, table: Table) -> Source:
        """Return the data set of texts and classes in a table."""
        assert self.target is not None
        texts = self.texts(table)
        table.column(self.target, "data.target")
        labels = class_names(table, self.target)
        y = self.classes(table, labels)
        check_two_classes(y, labels, table.where)
        task = Task(
            "classification", classes=len(labels), labels=labels, vocabulary=texts.vocabulary
        )
        used = self.used(table)
        return Source(
            {"train": (texts.filled_up(self.length), y)},
            task,
            identify=lambda: Keys({"train": row_keys(table, used)}, used),
        )

    def load_plain(self, path: Path) -> Source:
        """Return a plain text's samples, in the parts that its places make them."""
        text = coded_text(decoded(path), self.level)
        vocabulary = text.vocabulary
        x, y = self.samples(text, path)
        sizes = {"test": round(self.split.test * len(x)), "val": round(self.split.val * len(x))}
        end, parts = len(x), {}
        for name, size in sizes.items():
            if size:
                parts[name] = (x[end - size : end], y[end - size : end])
            elif getattr(self.split, name) > 0:
                raise self.too_short(len(text.ids), len(x), path)
            end -= size
        if end < 1:
            raise self.too_short(len(text.ids), len(x), path)
        parts["train"] = (x[:end], y[:end])
        lengths = {name: len(parts[name][0]) for name in PARTS if name in parts}
        return Source(
            parts,
            Task(
                "classification",
                classes=len(vocabulary),
                labels=vocabulary,
                vocabulary=vocabulary,
                next_token=True,
            ),
            identify=lambda: indexed(lengths, content_hash(path)),
        )

    def samples(self, text: Coded, path: Path) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a plain text's token ids [N, length] and the next ones; DataError if N is 0."""
        if len(text.ids) <= self.length:
            raise self.too_short(len(text.ids), 0, path)
        return blocks(text.ids, self.length)

    def plain_samples(self, path: Path, task: Task) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the samples of a plain text for a run, whose ``task`` is given."""
        return self.samples(coded_text(decoded(path), self.level, task.vocabulary), path)

    def too_short(self, tokens: int, samples: int, path: Path) -> DataError:
        """Return the error about a text of which too few samples can be made."""
        return DataError(
            f"the text has {tokens} tokens, which make {samples} samples of {self.length}",
            str(path),
            "set a smaller data.length, or data.split so that each split gets a sample",
        )

    def texts(self, table: Table, vocabulary: tuple[str, ...] | None = None) -> Coded:
        """Return the first tokens of each row's text. Raises DataError for one that has none.

        Args:
            vocabulary: what they are looked up in; None: it is made of them.
        """
        name = self.column or TEXT_COLUMN
        cells = table.column(name, "data.column")
        texts = coded_texts(cells, self.level, self.length, vocabulary)
        empty = (texts.lengths == 0).nonzero().flatten()
        if len(empty):
            raise table.error(int(empty[0]), name, "there is no text", "remove the line")
        return texts

    def inputs(self, table: Table, task: Task) -> torch.Tensor:
        """Return the token ids [N, length] of each row's text for a run, whose ``task`` is given.

        Raises DataError for a text that has none.
        """
        return self.texts(table, task.vocabulary).filled_up(self.length)

    def classes(self, table: Table, labels: tuple[str, ...]) -> torch.Tensor:
        """Return the class index [N] of each row. Raises DataError for an unknown label."""
        assert self.target is not None
        table.column(self.target, "data.target")
        return class_places(table, self.target, labels)

    def finish(
        self, source: Source, train: SplitData, val: SplitData | None, test: SplitData | None
    ) -> tuple[SplitData, SplitData | None, SplitData | None, Task]:
        """Keep the most frequent tokens of the training part; all others become unknown."""
        import torch

        task = source.task
        old = len(task.vocabulary)
        kept = kept_tokens(torch.bincount(train.x.flatten(), minlength=old), self.vocabulary)
        if len(kept) == old:
            return train, val, test, task

        def fitted(part: SplitData) -> SplitData:
            y = renumbered(part.y, kept, old) if task.next_token else part.y
            return SplitData(renumbered(part.x, kept, old), y)

        vocabulary = tuple(task.vocabulary[index] for index in kept.tolist())
        task = replace(task, vocabulary=vocabulary)
        if task.next_token:
            task = replace(task, classes=len(vocabulary), labels=vocabulary)
        return fitted(train), val and fitted(val), test and fitted(test), task

    def load_file(self, path: Path, task: Task, shape: tuple[int, ...]) -> Samples:
        if task.next_token:
            return Samples(*self.plain_samples(path, task))
        table = read_table(path)
        x = self.inputs(table, task)
        known = self.target in table.columns
        y = self.classes(table, task.labels) if known else None
        return Samples(x, y, table.columns, identify=lambda kept: known_keys(table, kept))

    def fingerprint(self, folder: Path) -> Any:
        return content_hash(locate(self.path, folder))
