"""What the files of a run's folder must hold: each is checked against its form when it is read.

A form names what trickrun reads, and how that must be; files may hold more, as those of other
versions do. JSON has no number that is not finite: null stands for it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from trickrun.findings.finding import Severity
from trickrun.params import first_problem

Finite = Annotated[float, Field(allow_inf_nan=False)]
Number = Finite | None
Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]
JsonObject = dict[str, Any]


class Form(BaseModel):
    """What a JSON object must hold. Nothing is converted: what was checked is what is used."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=(), defer_build=True)


class Facts(Form):
    """env.json, as far as listing needs it."""

    trickrun: str = ""
    arithmetic: int = 1
    command: list[str] = []
    parent: str | None = None
    data: str = ""
    user_code: dict[str, str | None] = {}
    resumed: list[JsonObject] = []


class PlacedFacts(Facts):
    """env.json of a run that is gone on with, scored or judged."""

    recipe_folder: str


class StepLine(Form):
    """A step in metrics.jsonl."""

    step: NonNegativeInt
    loss: Number
    lr: Number
    gradient_norm: Number = None


class EpochLine(Form):
    """An evaluation in metrics.jsonl; its further numbers are called val_ and a metric's name."""

    step: Count
    epoch: Count
    train_loss: Number
    lr: Finite
    best: bool

    @model_validator(mode="after")
    def check_metrics(self) -> EpochLine:
        for name, value in (self.model_extra or {}).items():
            if name.startswith("val_"):
                try:
                    adapter(Number).validate_python(value, strict=True)
                except ValidationError as error:
                    raise ValueError(f"{name} is not a number") from error
        return self


class LayerLine(Form):
    """A layer of a look."""

    name: str
    std: Number
    dead_fraction: Finite
    saturated_fraction: Finite
    gradient_norm: Number
    update_ratio: Number


class LookLine(Form):
    """A look at the layers in metrics.jsonl."""

    step: NonNegativeInt
    layers: list[LayerLine]


class EndLine(Form):
    """The closing line of metrics.jsonl."""

    stopped_by: str
    cause: str = ""
    reason: str = ""
    best: dict[str, Number] = {}
    test: dict[str, Number] = {}


LINES: dict[str, type[Form]] = {
    "step": StepLine,
    "epoch": EpochLine,
    "look": LookLine,
    "end": EndLine,
}
"""The lines of metrics.jsonl, by their kind."""


class OtherLine(Form):
    """A line of metrics.jsonl of a kind that this version does not know."""

    kind: str


class Evidence(Form):
    """evidence.json: of a training its curves and looks, of a check its verdict and figures."""

    verdict: Literal["pass", "warn", "fail", "error"] | None = None
    summary: str = ""
    test: dict[str, Number] | None = None
    stage: str | None = None
    next_space: dict[str, JsonObject] | None = None


class Judged(Evidence):
    """evidence.json of a check that has ended."""

    verdict: Literal["pass", "warn", "fail"]


class Tags(Form):
    """tags.json: what the user has said of a run."""

    tags: list[str] = []
    note: str = ""


class FindingRow(Form):
    """A finding of the JSON contract; see findings.finding.Finding."""

    code: str
    name: str
    severity: Severity
    confidence: Number
    where: str
    evidence: JsonObject
    why: str
    edit: JsonObject | None = None
    confirmed: dict[str, Number] | None = None
    location: JsonObject | None = None


class TrialRow(Form):
    """A trial in the evidence of a search."""

    params: JsonObject
    status: str


class ListedTrial(TrialRow):
    """A trial as it is listed: in the evidence of a search, or in its journal."""

    id: str
    values: JsonObject
    reason: str = ""


class ListedSearch(Form):
    """evidence.json of a search, as far as its trials are listed."""

    trials: list[ListedTrial]


class SearchEvidence(Form):
    """evidence.json of a search, as far as a checklist goes on from it."""

    trials: list[TrialRow]


class BestTrial(Form):
    """The best trial in the evidence of a search."""

    id: str
    params: JsonObject
    metric: Number


class SearchEnd(Form):
    """evidence.json of a search, as far as it is listed among runs."""

    metric: str
    best: BestTrial | None = None


class EntryRow(Form):
    """An entry of a contest."""

    name: str
    edits: JsonObject
    values: list[Number]


class ContestRow(Form):
    """The contest in the evidence of a checklist's last step."""

    entries: list[EntryRow]
    winner: EntryRow


class StandingRow(Form):
    """A run in the evidence of a checklist's last step: what it is compared with."""

    constant: JsonObject | None = None
    reference: JsonObject | None = None


class ContestEvidence(Form):
    """evidence.json of a checklist's last step, as far as its end tells of it."""

    runs: Annotated[list[StandingRow], Field(min_length=1)]
    contest: ContestRow
    test: dict[str, Number] | None


class ConstantScores(Form):
    """What a constant answer scores on a part; see findings/evidence/constant.py."""

    loss: Finite
    chance: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    samples: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    accuracy: Annotated[float, Field(ge=0, le=1)] | None = None


class ConstantAnswerFacts(Form):
    """The best constant answer of the training part: its outputs, the most frequent class or
    labels, and what they score on each part."""

    output: list[Finite]
    usual: int | list[Finite] | None
    scores: dict[str, ConstantScores]


class DataFacts(Form):
    """data.json; what its task may be is checked where it is made one."""

    task: JsonObject
    shape: list[NonNegativeInt]
    val_samples: NonNegativeInt = 0
    normalized: bool = False
    shift: Any = None
    scale: Any = None
    constant: list[NonNegativeInt]
    target_shift: Any = None
    target_scale: Any = None
    target_form: Any = None
    target_curves: Any = None
    constant_answer: ConstantAnswerFacts | None = None


class LearnersScores(Form):
    """What learners score on a run's split; see findings/evidence/reference.py."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    metric: str
    linear: Finite
    trees: Finite
    error: Finite
    fitted: NonNegativeInt


class ReferenceFacts(Form):
    """reference.json."""

    reference: LearnersScores | None


PAIR = Field(min_length=2, max_length=2)


class ShownInput(Form):
    """What of a sample is shown beside an answer: one of image, text and cells."""

    image: Annotated[str, Field(pattern="^[A-Za-z0-9+/]*={0,2}$")] | None = None
    size: Annotated[list[NonNegativeInt], PAIR] | None = None
    text: str | None = None
    cells: list[Annotated[list[Number | str], PAIR]] | None = None
    left_out: NonNegativeInt = 0

    @model_validator(mode="after")
    def check_shown(self) -> ShownInput:
        if self.image is None and self.text is None and self.cells is None:
            raise ValueError("it has neither an image nor a text nor cells")
        if self.image is not None and self.size is None:
            raise ValueError("an image has no size")
        return self


class WrongRow(Form):
    """A wrong answer in answers.json."""

    sample: NonNegativeInt
    answer: str | Number
    truth: str | Number
    score: Number = None
    truth_score: Number = None
    target: str | None = None
    input: ShownInput


class LabelCounts(Form):
    """How often a label was right and wrong."""

    label: str
    right: NonNegativeInt
    false_alarms: NonNegativeInt
    missed: NonNegativeInt


class TargetErrors(Form):
    """The errors of a value that is predicted."""

    target: str
    mae: Number
    rmse: Number
    r2: Number
    residuals: dict[str, Number]


class AnswersFacts(Form):
    """answers.json; that its classes are those of the task is checked where they are named."""

    part: Literal["train", "val", "test"]
    samples: NonNegativeInt
    weighted: bool
    parameters: NonNegativeInt
    probabilities: bool
    wrong: list[WrongRow]
    cells: list[Annotated[list[Count], Field(min_length=3, max_length=3)]] | None = None
    labels: list[LabelCounts] = []
    targets: list[TargetErrors] = []
    points: list[list[Annotated[list[Number], PAIR]]] = []


@cache
def adapter(form: Any) -> TypeAdapter[Any]:
    """Return what checks data against a type; making one takes longer than using it."""
    return TypeAdapter(form)


def checked(value: Any, form: Any) -> Any:
    """Return ``value`` as it is. Raises ValueError, in words, if it has not the form."""
    try:
        adapter(form).validate_python(value)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from error
    return value


def checked_line(value: Any) -> dict[str, Any]:
    """Return a line of metrics.jsonl. Raises ValueError."""
    kind = checked(value, OtherLine)["kind"]
    line: dict[str, Any] = checked(value, LINES[kind]) if kind in LINES else value
    return line


def parse(content: bytes) -> Any:
    """Return what JSON says, which is text that can be written again. Raises ValueError."""
    try:
        value = json.loads(content, parse_constant=refuse)
        if b"\\ud" in content.lower():
            json.dumps(value, ensure_ascii=False).encode()  # half a character cannot be written
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


FORMS: dict[str, Any] = {
    "env.json": Facts,
    "data.json": DataFacts,
    "evidence.json": Evidence,
    "findings.json": list[FindingRow],
    "tags.json": Tags,
    "reference.json": ReferenceFacts,
    "answers.json": AnswersFacts,
}
"""The form of each file, by its name."""
