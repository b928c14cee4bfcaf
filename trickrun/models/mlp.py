from __future__ import annotations

from collections import OrderedDict
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.findings.words import counted
from trickrun.models._model import Blocks, BuiltinModel
from trickrun.params import Count, Counts
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.numeric import NUMERICS, AnyNumeric

if TYPE_CHECKING:
    from torch import nn

    from trickrun.nn.columns import ColumnEncoder


class MLP(BuiltinModel):
    """Fully connected layers; inputs of any shape are flattened.

    Formula: h = activation(W h + b) for each hidden layer, then W h + b.
    When: tables, small images, as a baseline.
    Defaults: two hidden layers, 256 and 128 units. embedding auto: min(600, round(1.6 n^0.56))
        numbers for each of n categories, the unknown one included: fastai's rule
        (fastai.tabular.model.emb_sz_rule). For a hundred categories it gives 21, the other common
        rule, min(50, (n + 1) / 2), gives 50, whose surplus learns the noise of rare categories.
    Interactions: with data.categories: embedding, each column of categories gets an embedding,
        whose vectors enter the first layer beside the numbers. Input dropout acts on both.
    Source: Rumelhart et al. 1986, Learning representations by back-propagating errors; Guo and
        Berkhahn 2016, Entity Embeddings of Categorical Variables.
    """

    units_parameter: ClassVar[str | None] = "hidden"
    takes_categories: ClassVar[bool] = True

    kind: Literal["mlp"] = "mlp"
    hidden: Counts = Field(default=(256, 128), description="units of each hidden layer; may be []")
    numeric: AnyNumeric = Field(
        default_factory=NUMERICS.default("plain"),
        description="how the numbers of a table enter the first layer",
    )
    embedding: Literal["auto"] | Count = Field(
        default="auto",
        description="numbers in the vector of a category, with data.categories: embedding; auto: "
        "by how many there are",
    )

    @property
    def hidden_layers(self) -> int:
        return len(self.hidden)

    @property
    def hidden_units(self) -> tuple[int, ...]:
        return self.hidden

    def fan_ins(self, inputs: tuple[int, ...] | None) -> tuple[int, ...]:
        known = inputs is not None and self.numeric.off
        return (prod(inputs), *self.hidden) if known and inputs is not None else self.hidden

    def build(self, blocks: Blocks, inputs: tuple[int, ...], outputs: int) -> nn.Module:
        from torch import nn

        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if len(inputs) > 1:
            layers["flatten"] = nn.Flatten()
        features = prod(inputs)
        encoder = self.encoder(blocks, inputs)
        if encoder is not None:
            layers["columns"], features = encoder, encoder.width
        layers.update(blocks.before())
        for index, width in enumerate(self.hidden, start=1):
            layers[f"linear{index}"] = nn.Linear(features, width, bias=blocks.hidden_bias)
            layers.update(blocks.after(index, width, dims=0))
            layers.update(blocks.dropped(index, depth=index / len(self.hidden)))
            features = width
        layers.update(blocks.head(nn.Linear(features, outputs)))
        return nn.Sequential(layers)

    def encoder(self, blocks: Blocks, inputs: tuple[int, ...]) -> ColumnEncoder | None:
        """Return what encodes the columns of a table; None if all of them pass as they are.

        Raises CompileError for an encoding of numbers where the inputs are no table.
        """
        from trickrun.nn.columns import ColumnEncoder

        table = blocks.columns
        if table is None:
            if not self.numeric.off:
                raise CompileError(
                    f"{self.numeric.kind_name} encodes the columns of a table, the data's inputs "
                    f"are {list(inputs)}",
                    "model.numeric",
                    "leave it out",
                )
            return None
        widths = [self.width_of(rows) for rows in table.rows if rows]
        if self.numeric.off:
            return ColumnEncoder(table.rows, widths) if widths else None
        numbers = [place for place, rows in enumerate(table.rows) if not rows]
        x = table.examples()[:, numbers]
        sizes = table.sizes if table.sizes is not None else self.numeric.sizes(x)
        chosen = [place for place, size in enumerate(sizes) if size]
        if not chosen:
            raise CompileError(
                f"{self.numeric.kind_name} finds nothing to encode: no number of the data has more "
                "than 2 different values in the training split",
                "model.numeric",
                "leave it out",
            )
        made = tuple(size for size in sizes if size)
        numeric = self.numeric.encoder(x[:, chosen].cpu(), made, blocks.streams.seed)
        return ColumnEncoder(table.rows, widths, sizes, numeric)

    def width_of(self, rows: int) -> int:
        """Return the entries of a category's vector where there are ``rows`` of them."""
        return min(600, round(1.6 * rows**0.56)) if self.embedding == "auto" else self.embedding

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        from trickrun.nn.columns import encoder_of

        encoder, entries = encoder_of(model), []
        if encoder is not None and len(encoder.embeddings):
            sizes = ", ".join(f"{e.num_embeddings} x {e.embedding_dim}" for e in encoder.embeddings)
            count = len(encoder.embeddings)
            what = f"{counted(count, 'column')} of categories: {sizes}"
            entries.append(LedgerEntry("model", "embedding", what, count))
        if encoder is not None and encoder.numeric is not None:
            count = sum(size > 0 for size in encoder.sizes)
            what = f"{count} of {len(encoder.sizes)} numbers become {sum(encoder.sizes)}"
            entries.append(LedgerEntry("model", self.numeric.kind_name, what, count))
        return entries
