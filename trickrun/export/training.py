"""``train.py``: the training of a run as one plain script that begins and steps as the run did."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from trickrun.data._images import Images
from trickrun.data.csv import Csv
from trickrun.data.npz import Npz
from trickrun.data.python import PythonData
from trickrun.data.splits.kept import KeptSplit
from trickrun.data.splits.prepare import prepare_run
from trickrun.data.splits.source import Source
from trickrun.data.text import Text
from trickrun.errors import TrickrunError
from trickrun.export.augmentations import PlainAugmentation, plain_augmentations
from trickrun.export.layers import batch_norm
from trickrun.export.plain import training as plain
from trickrun.export.program import predict_definitions, reader_of
from trickrun.export.schedules import lr_lines
from trickrun.export.sources import Written, assembled
from trickrun.nn.dropout import (
    DropConnectLinear,
    KeyedChannelDropout,
    KeyedDropout,
    KeyedPathDropout,
)
from trickrun.nn.norms import GhostBatchNorm
from trickrun.nn.rng import LayerStreams, generator
from trickrun.nn.staged import is_frozen
from trickrun.recipe.load import load
from trickrun.run.folder import RunFolder
from trickrun.run.kept_split import read_split
from trickrun.training.compile import compile_recipe
from trickrun.training.device import training_type
from trickrun.training.job import RecipeJob
from trickrun.training.loop import take_step

MOST_BYTES = 16 * 2**20
"""Samples that come with trickrun or scikit-learn are written up to this size: an export is to be
sent around."""

MOST_TRIED = 128 * 2**20
"""The size of samples up to which the script is tried on them."""


class NoScript(Exception):
    """Why there is no ``train.py``."""


@dataclass(frozen=True)
class Training:
    """A script that was written.

    Args:
        job: the run's, before its first step.
        data: the samples, where they are known to be; None: only the user knows.
        lacks: the tricks that the script lacks.
        notes: what is to be said of it, a line each.
    """

    job: RecipeJob
    data: Path | None
    lacks: tuple[str, ...]
    notes: tuple[str, ...]

    def samples(self, place: Path) -> Path | None:
        """Return the samples on which the script is tried, written to ``place`` if they are in no
        file; None if they are too many for that."""
        if self.data is not None:
            return self.data
        source = self.job.recipe.data.load(self.job.folder)
        write_arrays(source, place, MOST_TRIED)
        written = place / "data.npz"
        return written if written.exists() else None

    def losses(self, steps: int) -> list[float]:
        """Return the losses of the run's first steps; the job has then taken them."""
        job = self.job
        batches = job.batches(0)
        taken = [take_step(job, next(batches), n, [], False) for n in range(steps)]
        return [float(each.loss) for each in taken]


def write_training(folder: RunFolder, place: Path) -> Training | str:
    """Write ``train.py`` and what it begins with; where that cannot be, return why."""
    try:
        kept = read_split(folder)
        if kept is None:
            raise NoScript("the run keeps no split")
        job = job_from_the_start(folder, kept)
        script = Script(job)
        text = script.text(f"{job.recipe.name}, run {folder.id}")
        notes = write_data(job, kept, place)
    except (NoScript, TrickrunError) as error:
        return error.message if isinstance(error, TrickrunError) else str(error)
    (place / "train.py").write_text(text, encoding="utf-8")
    save_weights(job.model, place / "initial.safetensors")
    lacks = [f"train.py lacks {', '.join(script.lacks)}"] if script.lacks else []
    return Training(job, data_of(job, place), tuple(script.lacks), (*notes, *lacks))


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a network's weights and buffers; those that layers share are written for each."""
    state = model.state_dict()
    save_file({name: value.contiguous().clone() for name, value in state.items()}, path)
    path.chmod(0o644)  # as all other files


def data_of(job: RecipeJob, place: Path) -> Path | None:
    """Return the samples that ``train.py`` reads, where they are known to be."""
    if (place / "data.npz").exists():
        return (place / "data.npz").resolve()
    if isinstance(job.recipe.data, Csv | Text | Npz | Images):
        found = job.folder / job.recipe.data.path  # type: ignore[union-attr]
        return found.resolve()
    return None


def job_from_the_start(folder: RunFolder, kept: KeptSplit) -> RecipeJob:
    """Return the run's job before its first step, on the CPU. Raises TrickrunError."""
    recipe = load(folder.path / "resolved.yaml").recipe
    recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"device": "cpu"})})
    where = Path(folder.facts()["recipe_folder"])
    data = prepare_run(recipe.data, where, kept, training_type(recipe))
    return compile_recipe(recipe, where, data)


def write_data(job: RecipeJob, kept: KeptSplit, place: Path) -> list[str]:
    """Write which samples are in which part, and the samples themselves where nobody has a file of
    them; return what is to be said of it. Raises NoScript."""
    data = job.recipe.data
    rows = {name: places.tolist() for name, places in job.data.rows.items()}
    if isinstance(data, Text) and job.data.task.next_token:
        rows = in_order(job)
    split: dict[str, Any] = {"rows": rows}
    notes: list[str] = []
    if isinstance(data, Images):
        split["files"] = files_of(job)
    elif not isinstance(data, Csv | Text | Npz):
        if isinstance(data, PythonData):
            notes.append("train.py reads x and y, as your function returns them, from an .npz file")
        else:
            notes += write_arrays(data.load_again(job.folder, kept), place)
    (place / "split.json").write_text(json.dumps(split) + "\n", encoding="utf-8")
    return notes


def in_order(job: RecipeJob) -> dict[str, list[int]]:
    """Return the places of a text's samples: training, validation and test follow each other."""
    found, done = {}, 0
    for name in ("train", "val", "test"):
        part = getattr(job.data, name)
        if part is not None:
            found[name] = list(range(done, done + len(part)))
            done += len(part)
    return found


def files_of(job: RecipeJob) -> dict[str, list[tuple[str, Any]]]:
    """Return the files of each part, relative to the data's folder, each with its target."""
    files, root = job.data.files, job.folder / getattr(job.recipe.data, "path", "")
    if files is None or not root.is_dir():
        raise NoScript("its images are named by a table")
    if job.data.train.x.ndim > 1:
        numbers = {name: rows.tolist() for name, rows in job.data.rows.items()}
    else:
        parts = {name: getattr(job.data, name) for name in ("train", "val", "test")}
        numbers = {name: part.x.tolist() for name, part in parts.items() if part is not None}
    found = {}
    for name, places in numbers.items():
        y = getattr(job.data, name).y.tolist()
        paths = [str(files.paths[n].relative_to(root)) for n in places]
        found[name] = list(zip(paths, y, strict=True))
    return found


def write_arrays(source: Source, place: Path, most: int = MOST_BYTES) -> list[str]:
    """Write ``data.npz``: the samples as they were before they were split, if they take no more
    than ``most`` bytes; return what is to be said of it."""
    arrays: dict[str, Any] = {}
    for name, (x, y) in source.parts.items():
        end = "" if len(source.parts) == 1 else f"_{name}"
        arrays |= {f"x{end}": x.numpy(), f"y{end}": y.numpy()}
    size = sum(array.nbytes for array in arrays.values())
    if size > most:
        return [
            f"the samples take {size >> 20} MiB and are not written: train.py reads them from an "
            f".npz file with {', '.join(arrays)}"
        ]
    np.savez_compressed(place / "data.npz", **arrays)
    return []


@dataclass
class Script:
    """Writes ``train.py`` of a job.

    Args:
        lacks: the tricks that the script lacks, in words.
        augmentations: those that act in it.
    """

    job: RecipeJob
    written: Written = field(default_factory=Written)
    lacks: list[str] = field(default_factory=list)
    augmentations: list[PlainAugmentation] = field(default_factory=list)

    def text(self, named: str) -> str:
        """Return the script. Raises NoScript if there is none."""
        self.refuse()
        self.augmentations, without = plain_augmentations(
            self.job.recipe.augmentation, self.written
        )
        if self.job.data.normalized:
            # Back from normalized numbers to the file's, rounding and all: not as a person would.
            without += [f"augmentation {e.name}" for e in self.augmentations if e.stage == "raw"]
            self.augmentations = [each for each in self.augmentations if each.stage != "raw"]
        self.lacks += without
        parts = [
            self.constants(),
            self.rate(),
            self.reading(),
            self.building(),
            self.optimizing(),
            self.losing(),
            *self.augmenting(),
            SCORING,
            self.main(),
        ]
        self.find_lacking()
        head = [f"The training of {named}, as one script: python train.py DATA", ""]
        head += ["It begins with initial.safetensors, takes the samples of split.json in the order"]
        head += ["in which trickrun drew them, and so takes the same steps, up to rounding."]
        if self.lacks:
            head += ["", f"It lacks {', '.join(self.lacks)}, so what it trains is not the same."]
        self.written.add(generator)
        for where in ("argparse", "json", "math", "torch"):
            self.written.imports.add((where, "", ""))
        self.written.imports |= {
            ("pathlib", "Path", ""),
            ("typing", "Any", ""),
            ("torch", "nn", ""),
            ("torch.nn", "functional", ""),
            ("safetensors.torch", "load_file", ""),
            ("safetensors.torch", "save_file", ""),
            ("model", "Network", ""),
            ("predict", "SAID", ""),
            ("predict", "normalized", ""),
        }
        body = "\n\n\n".join(part.strip("\n") for part in parts if part)
        words = body + self.written.text
        self.written.imports = {
            each for each in self.written.imports if (each[2] or each[1] or each[0]) in words
        }
        return assembled(self.written, "\n".join(head) + "\n", body)

    def refuse(self) -> None:
        """Raise NoScript for what the script cannot do without."""
        job = self.job
        data = job.recipe.data
        if job.step is not None:
            raise NoScript("the run has a training step of your own (train.step)")
        if job.loss_kind.is_user_code:
            raise NoScript("the run has a loss of your own")
        if job.recipe.optimizer.is_user_code:
            raise NoScript("the run has an optimizer of your own")
        if data.zero_inputs:
            raise NoScript("the run's inputs are zeros (data.zero_inputs)")
        if job.data.weighted:
            raise NoScript("the run's samples have weights")
        if getattr(data, "missing", "error") == "drop":
            raise NoScript("rows are left out (data.missing: drop)")
        if getattr(data, "without_target", "error") == "drop":
            raise NoScript("rows are left out (data.without_target: drop)")
        if data.scale_targets == "quantile":
            raise NoScript("the targets are scaled by quantiles")

    def find_lacking(self) -> None:
        """Note the tricks that act in the job and not in the script."""
        job, settings, recipe = self.job, self.job.settings, self.job.recipe
        named = [trick.kind_name for trick in settings.mixing]
        named += [trick.kind_name for trick in settings.gradient_changes]
        for trick in (settings.climb, settings.averaging):
            named += [trick.kind_name] if trick is not None else []
        facts = {
            "accumulated batches": settings.batches_a_step > 1,
            "the batch ramp": settings.batch_ramp is not None,
            "gradual unfreezing": settings.unfreezing is not None,
            "lookahead": recipe.optimizer.lookahead is not None,
            "balanced sampling": settings.balanced,
            "float16": settings.half is torch.float16,
            "new batch statistics before each evaluation": settings.recalibrate,
            "adaptive clipping": settings.clip is not None and settings.clip.adaptive is not None,
            "unknown categories in training": len(job.augmentations)
            > sum(not trick.off for trick in recipe.augmentation),
        }
        named += [name for name, there in facts.items() if there]
        if settings.stops_early and job.stopping.monitor != "val_loss":
            named.append(f"early stopping by {job.stopping.monitor}")
        self.lacks += named

    def constants(self) -> str:
        """Return what the run's numbers are."""
        job = self.job
        lines = [
            "HERE = Path(__file__).parent",
            f"SEED = {job.settings.seed}",
            f"BATCH = {job.batch_size}",
            f"STEPS = {job.span.steps}  # {job.span.per_epoch} an epoch",
            f"PER_EPOCH = {job.span.per_epoch}",
            f"EVALUATE = {job.eval_every}  # steps from one evaluation to the next",
            f"LR = {job.recipe.optimizer.lr!r}",
        ]
        if self.patient:
            lines.append(f"PATIENCE = {job.stopping.patience}  # evaluations without improvement")
        return "\n".join(lines)

    @property
    def patient(self) -> bool:
        """Whether the script stops early."""
        return self.job.settings.stops_early and self.job.stopping.monitor == "val_loss"

    def rate(self) -> str:
        """Return the function of the learning rate."""
        schedule = self.job.settings.schedule
        found = lr_lines(schedule, self.job.span)
        if found is None:
            self.lacks.append(f"schedule {schedule.kind_name} (its rate is constant)")
            return "def lr_at(step: int) -> float:\n    return LR"
        return found

    def reading(self) -> str:
        """Return the function that reads the samples."""
        job = self.job
        data = job.recipe.data
        reader, _ = reader_of(job)
        lines = [
            "def read_parts(path: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:",
            '    """Return inputs and targets of each part, as network and loss take them."""',
            '    split = json.loads((HERE / "split.json").read_text(encoding="utf-8"))',
        ]
        if isinstance(data, Images):
            self.written.imports.add(("predict", "decoded", ""))
            lines += IMAGES
        elif isinstance(data, Text) and job.data.task.next_token:
            self.written.add(plain.parts_of_text)
            self.written.imports |= {("predict", reader.__name__, ""), ("predict", "token_ids", "")}
            lines += [
                f"    x, _ = {reader.__name__}(path, SAID)",
                "    parts = parts_of_text(x, token_ids(path, SAID), split)",
            ]
        elif isinstance(data, Csv | Text):
            self.written.add(plain.parts_of_table)
            self.written.imports.add(("predict", reader.__name__, ""))
            lines += [
                f"    x, table = {reader.__name__}(path, SAID)",
                "    parts = parts_of_table(x, table, SAID, split)",
            ]
        else:
            self.written.add(plain.parts_of_arrays)
            lines.append("    parts = parts_of_arrays(path, SAID, split)")
        target = self.target()
        inputs = "x if n == 'train' else normalized(x, SAID)" if self.raw else "normalized(x, SAID)"
        lines += [
            "    return {",
            f"        n: ({inputs}, {target}) for n, (x, y) in parts.items()",
            "    }",
        ]
        # What predict.py has need not be written twice.
        for name in predict_definitions(job).definitions:
            if self.written.definitions.pop(name, None) is not None:
                self.written.imports.add(("predict", name, ""))
        return "\n".join(lines)

    def target(self) -> str:
        """Return the targets of the loss, made of ``y``."""
        job, dtype = self.job, str(self.job.dtype)
        if job.data.task.kind == "regression":
            self.written.add(plain.scaled)
            return f"scaled(y.double(), SAID).to({dtype})"
        if job.loss_kind.kind_name == "bce":
            single = job.data.task.kind != "multilabel"
            return f"y.to({dtype}){'.unsqueeze(1)' if single else ''}"
        return "y.long()"

    def building(self) -> str:
        """Return the function that makes the network as it is when training begins."""
        job = self.job
        lines = [
            "def begun() -> tuple[nn.Module, LayerStreams]:",
            '    """Return the network with its first weights, and what its layers draw from."""',
            f"    network = Network(){to_type(job)}",
            "    streams = LayerStreams(SEED)",
        ]
        drawing = [*self.drawing()]
        lines += [f"    network.set_submodule({name}, {made})" for name, made in drawing]
        lines.append('    network.load_state_dict(load_file(HERE / "initial.safetensors"))')
        frozen = [n for n, p in job.model.named_parameters() if not p.requires_grad]
        if frozen:
            self.written.add(is_frozen)
            trained = [n for n, p in job.model.named_parameters() if p.requires_grad]
            lines += [
                "    for name, parameter in network.named_parameters():",
                f"        parameter.requires_grad_(name in {listed(trained, 8)})",
            ]
        lines.append("    return network, streams")
        self.written.add(LayerStreams)
        return "\n".join(lines)

    def drawing(self) -> Iterable[tuple[str, str]]:
        """Yield each layer that draws or splits batches in training: its name, and what makes it
        in place of the one in ``model.py``."""
        for name, layer in self.job.model.named_modules():
            place, kind = json.dumps(name), type(layer).__name__
            if isinstance(layer, KeyedDropout | DropConnectLinear):
                self.written.add(type(layer))
                stream = f"streams.of({json.dumps(layer.stream.name)})"
                first = f"network.get_submodule({place}), " if kind == "DropConnectLinear" else ""
                more = ""
                if type(layer) is KeyedChannelDropout:
                    more = f", {layer.axis}"
                elif type(layer) in (KeyedDropout, KeyedPathDropout) and not layer.inverted:
                    more = ", inverted=False"
                yield place, f"{kind}({first}{layer.p!r}, {stream}{more})"
            elif isinstance(layer, GhostBatchNorm):
                self.written.add(type(layer))
                given = batch_norm(layer)
                given["features"] = given.pop("num_features")
                said = ", ".join(f"{n}={value!r}" for n, value in given.items())
                yield place, f"{kind}({layer.part}, {said})"

    def optimizing(self) -> str:
        """Return the function that makes the optimizer."""
        job = self.job
        optimizer = job.optimizer
        kind = type(optimizer)
        own = kind.__module__.startswith("trickrun.")
        signature = inspect.signature(kind.__init__).parameters
        given = []
        for name, parameter in signature.items():
            if name in ("self", "params", "groups", "lr"):
                continue
            if name not in optimizer.defaults:
                if parameter.default is parameter.empty:
                    raise NoScript(f"optimizer {job.recipe.optimizer.kind_name} has no plain form")
                continue
            value = optimizer.defaults[name]
            if value != parameter.default:
                given.append(f"{name}={value!r}")
        if own:
            self.written.add(kind)
        name = kind.__name__ if own else f"torch.optim.{kind.__name__}"
        arguments = ", ".join(["groups", "lr=LR", *given])
        lines = [
            "def optimizer_of(network: nn.Module) -> torch.optim.Optimizer:",
            *self.groups(),
            f"    return {name}({arguments})",
        ]
        return "\n".join(lines)

    def groups(self) -> list[str]:
        """Return the lines that make the optimizer's groups of parameters."""
        model, own = self.job.model, ("params", "lr", "initial_lr")
        names = {id(p): name for name, p in model.named_parameters()}
        groups = self.job.recipe.optimizer.groups(model)
        if len(groups) == 1 and [*groups[0]] == ["params"]:
            return ["    groups = list(network.parameters())"]
        lines = ["    named = dict(network.named_parameters())", "    groups = ["]
        for group in groups:
            members = tuple(names[id(p)] for p in group["params"])
            rest = "".join(f', "{k}": {v!r}' for k, v in group.items() if k not in own)
            lines.append(f'        {{"params": [named[n] for n in {listed(members, 8)}]{rest}}},')
        return [*lines, "    ]"]

    def losing(self) -> str:
        """Return the functions of the loss and of what is added to it."""
        call = self.loss_call()
        lines = [
            "def loss_of(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:",
            *([f"    weight = torch.tensor({self.weights!r})"] if self.weights else []),
            f"    return {call}",
        ]
        terms = self.penalties()
        if terms:
            lines += ["", "", "def penalty_of(network: nn.Module) -> torch.Tensor:"]
            lines += ["    named = dict(network.named_parameters())"]
            lines += [line for each in terms for line in each]
            lines += ["    return total"]
        return "\n".join(lines)

    def augmenting(self) -> list[str]:
        """Return the functions of the augmentations."""
        return [each.text for each in self.augmentations]

    @property
    def raw(self) -> bool:
        """Whether training inputs are changed before they are normalized."""
        return any(each.stage == "raw" for each in self.augmentations)

    def augmented(self) -> list[str]:
        """Return the lines that make a batch."""
        lines = ["            inputs, targets = x[batch], y[batch]"]

        def act(stage: str) -> None:
            lines.extend(
                f"            inputs, targets = {each.name}(inputs, targets, "
                f'generator(SEED, "{each.stream}", step))'
                for each in self.augmentations
                if each.stage == stage
            )

        if self.raw:
            if not self.job.data.task.vocabulary:
                lines[0] = f"            inputs, targets = x[batch].to({self.job.dtype}), y[batch]"
            act("raw")
            lines.append("            inputs = normalized(inputs, SAID)")
        act("normalized")
        return lines

    @property
    def weights(self) -> list[float]:
        """The weights of the classes; empty: none."""
        from trickrun.tricks.losses._classes import class_weights

        wanted = getattr(self.job.loss_kind, "class_weights", None)
        found = class_weights(wanted, self.job.data.task)
        return [] if found is None else found.tolist()

    def loss_call(self) -> str:
        """Return the call of the loss."""
        loss: Any = self.job.loss_kind
        kind, smoothing = loss.kind_name, self.job.settings.label_smoothing
        more = ', reduction="sum"' if loss.reduction == "sum" else ""
        weight = ", weight.to(outputs)" if self.weights else ""
        if kind == "cross_entropy":
            more = (f", label_smoothing={smoothing!r}" if smoothing else "") + more
            if self.job.data.task.next_token:
                if loss.reduction == "sum":
                    raise NoScript("the loss of next tokens is a sum")
                return f"functional.cross_entropy(outputs.flatten(0, -2), y.flatten(){more})"
            return f"functional.cross_entropy(outputs, y{weight}{more})"
        if kind == "nll":
            return f"functional.nll_loss(outputs, y{weight}{more})"
        if kind == "hinge":
            margin = f", margin={loss.margin!r}" if loss.margin != 1 else ""
            return f"functional.multi_margin_loss(outputs, y{margin}{more})"
        if kind == "bce" and not weight and not (more and self.job.data.task.targets > 1):
            y = f"y * {1 - smoothing!r} + {smoothing / 2!r}" if smoothing else "y"
            return f"functional.binary_cross_entropy_with_logits(outputs, {y}{more})"
        values = {"mse": "mse_loss", "mae": "l1_loss", "huber": "huber_loss"}
        if kind in values and not (more and self.job.data.task.targets > 1):
            delta = f", delta={loss.delta!r}" if kind == "huber" and loss.delta != 1 else ""
            return f"functional.{values[kind]}(outputs, y{delta}{more})"
        raise NoScript(f"loss {kind} has no plain form here")

    def penalties(self) -> list[list[str]]:
        """Return the lines that compute each penalty."""
        names = {id(p): name for name, p in self.job.model.named_parameters()}
        found: list[list[str]] = []
        for bound in self.job.penalties:
            factors = bound.penalty.factors
            if factors is None:
                self.lacks.append(bound.penalty.kind_name)
                continue
            members = tuple(names[id(p)] for p in bound.parameters)
            sizes, squares = factors
            terms = [f"{sizes!r} * sum(w.abs().sum() for w in weights)"] if sizes else []
            terms += [f"{squares!r} * sum(w.square().sum() for w in weights)"] if squares else []
            begin = "total = " if not found else "total = total + "
            lines = [
                f"    # {bound.penalty.kind_name}",
                f"    weights = [named[n] for n in {listed(members, 4)}]",
                f"    {begin}{' + '.join(terms)}",
            ]
            found.append(lines)
        return found

    def main(self) -> str:
        """Return the loop."""
        job = self.job
        penalized = any(bound.penalty.factors for bound in job.penalties)
        order = 'torch.randperm(len(x), generator=generator(SEED, "shuffle", step // PER_EPOCH))'
        if not job.settings.shuffle:
            order = "torch.arange(len(x))"
        own = "(normalized(x, SAID), y)" if self.raw else "(x, y)"
        step = ["            for group in optimizer.param_groups:"]
        scale = ' * group.get("lr_scale", 1.0)'
        scaled = any("lr_scale" in group for group in job.optimizer.param_groups)
        step += [f'                group["lr"] = lr_at(step){scale if scaled else ""}']
        step += ["            streams.at(step)"]
        half = {torch.bfloat16: "torch.bfloat16"}.get(job.settings.half)  # type: ignore[arg-type]
        compute = "loss_of(network(x[batch]), y[batch])"
        if self.augmentations:
            step += self.augmented()
            compute = "loss_of(network(inputs), targets)"
        if half:
            step += [f'            with torch.autocast("cpu", {half}):']
            step += [f"                loss = {compute}"]
        else:
            step += [f"            loss = {compute}"]
        step += ["            optimizer.zero_grad()"]
        whole = "(loss + penalty_of(network))" if penalized else "loss"
        step += [f"            {whole}.backward()", *self.clipping()]
        step += ["            optimizer.step()", *self.constraining()]
        frozen = any(not p.requires_grad for p in job.model.parameters())
        stop = (
            [
                "                if evaluations_since > PATIENCE - 1:",
                "                    done = True",
            ]
            if self.patient
            else []
        )
        lines = MAIN_BEGIN.format(description=json.dumps(f"Train {job.recipe.name}.")).splitlines()
        lines += [
            "    step, done, best, evaluations_since = 0, False, math.inf, 0",
            "    losses = []",
            "    while step < given.steps and not done:",
            f"        order = {order}",
            "        for batch in order.split(BATCH)[:PER_EPOCH]:",
            "            network.train()",
            *(
                [
                    "            for module in network.modules():",
                    "                if is_frozen(module):  # with its statistics",
                    "                    module.eval()",
                ]
                if frozen
                else []
            ),
            *step,
            "            losses.append(loss.item())",
            "            step += 1",
            "            if step % EVALUATE == 0 or step == given.steps:",
            f'                score = evaluated(network, *parts.get("val", {own}))',
            "                better = score < best",
            "                evaluations_since = 0 if better else evaluations_since + 1",
            "                if better:",
            "                    best, kept = score, copied(network)",
            '                print(f"step {step}  loss {losses[-1]:.6g}  val_loss {score:.6g}")',
            *stop,
            "            if step == given.steps or done:",
            "                break",
            *MAIN_END.splitlines(),
        ]
        return "\n".join(lines)

    def clipping(self) -> list[str]:
        """Return the lines that clip gradients."""
        clip, lines = self.job.settings.clip, []
        if clip is not None and clip.value is not None:
            lines.append(
                f"            nn.utils.clip_grad_value_(network.parameters(), {clip.value!r})"
            )
        if clip is not None and clip.norm is not None:
            lines.append(
                f"            nn.utils.clip_grad_norm_(network.parameters(), {clip.norm!r})"
            )
        return lines

    def constraining(self) -> Sequence[str]:
        """Return the lines that bring weights back to where they are allowed."""
        names = {id(p): name for name, p in self.job.model.named_parameters()}
        lines = []
        for bound in self.job.constraints:
            if bound.constraint.kind_name != "max_norm":
                self.lacks.append(bound.constraint.kind_name)
                continue
            members = tuple(names[id(w)] for w in bound.weights if id(w) in names)
            length = bound.constraint.c  # type: ignore[attr-defined]
            lines += [
                "            with torch.no_grad():  # max_norm",
                f"                for name in {listed(members, 16)}:",
                f"                    network.get_parameter(name).renorm_(2, 0, {length!r})",
            ]
        return lines


def listed(names: Sequence[str], indent: int) -> str:
    """Return names as a tuple, in lines of a readable length.

    Args:
        indent: blanks before the line that it begins in.
    """
    quoted = [json.dumps(name) for name in names]
    line = ", ".join(quoted)
    if len(line) <= 60:
        return f"({line},)" if len(quoted) == 1 else f"({line})"
    inner = " " * (indent + 4)
    rows = textwrap.wrap(f"{line},", 92 - len(inner), break_long_words=False)
    return "\n".join(["(", *(f"{inner}{row}" for row in rows), " " * indent + ")"])


def to_type(job: RecipeJob) -> str:
    """Return what brings a network to the run's type; nothing for float32."""
    return "" if job.dtype == torch.float32 else f".to({job.dtype})"


IMAGES = [
    "    channels, size, _ = SAID['shape']",
    "    parts = {}",
    "    for name, files in split['files'].items():",
    "        images = [decoded(path / file, channels, size).pixels for file, _ in files]",
    "        x = torch.stack([torch.tensor(image) for image in images])",
    "        parts[name] = x, torch.tensor([target for _, target in files])",
]

SCORING = '''
@torch.no_grad()
def evaluated(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the mean loss of samples."""
    network.eval()
    outputs = torch.cat([network(part) for part in x.split(1024)])
    return loss_of(outputs, y).item()


def copied(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of the network's weights."""
    return {name: value.clone() for name, value in network.state_dict().items()}
'''

MAIN_BEGIN = """def main() -> None:
    parser = argparse.ArgumentParser(description={description})
    parser.add_argument("data", type=Path, help="the samples, with their targets")
    parser.add_argument("--steps", type=int, default=STEPS, help="optimizer steps (default: all)")
    parser.add_argument("--losses", type=Path, help="write each step's loss here, a line each")
    parser.add_argument("--out", type=Path, default=HERE / "trained.safetensors")
    given = parser.parse_args()
    parts = read_parts(given.data)
    x, y = parts["train"]
    network, streams = begun()
    optimizer = optimizer_of(network)"""

MAIN_END = """    if given.losses:
        given.losses.write_text("".join(f"{loss!r}\\n" for loss in losses), encoding="utf-8")
    network.load_state_dict(kept)
    save_file(kept, given.out)
    if "test" in parts:
        print(f"test_loss {evaluated(network, *parts['test']):.6g}")


if __name__ == "__main__":
    main()
"""
