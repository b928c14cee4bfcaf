"""``model.py``: the network of a run, written out as plain PyTorch."""

from __future__ import annotations

import json
from collections.abc import Sequence

from torch import nn

from trickrun.export.expressions import Call, Factoring, laid_out
from trickrun.export.layers import USE_IT, call_of
from trickrun.export.sources import CannotExport, Written, assembled
from trickrun.models import BuiltinModel
from trickrun.models._pretrained_stages import LITE
from trickrun.models.pretrained import Pretrained
from trickrun.models.python import PythonModel, parameter_names
from trickrun.nn.sequences import PaddingAware, SequenceNetwork
from trickrun.nn.staged import FitImages
from trickrun.training.job import RecipeJob
from trickrun.user_code import resolve

OUR_FILES = ("model", "predict", "train")
"""The modules that an export consists of."""

BLOCKS = {"Residual": "residual", "TransformerBlock": "transformer_block"}
"""The function's name for what recurs in networks."""


def block_name(call: Call) -> str | None:
    """Return the name of the function that a call becomes if it recurs; None: it stays."""
    if call.name == "nn.Sequential" and call.arguments:
        inner = call.arguments[0].value
        names = [each.parameter for each in inner.arguments] if isinstance(inner, Call) else []
        return "plain_block" if names[:1] == ["branch"] else None
    if any(each.parameter == "shortcut" for each in call.arguments):
        return "downsampling"
    return BLOCKS.get(call.name)


def model_source(job: RecipeJob, head: str) -> str:
    """Return the text of ``model.py``.

    Args:
        head: its docstring's text.

    Raises CannotExport for a network, or a layer of one, without a plain form.
    """
    written = Written()
    kind = job.recipe.model
    if isinstance(kind, PythonModel):
        network = of_user(job, kind, written)
    elif isinstance(kind, Pretrained):
        network = of_package(job, kind, written)
    elif isinstance(kind, BuiltinModel):
        network = of_layers(job, written)
    else:
        raise CannotExport(
            f"cannot be exported: model {kind.kind_name} has no plain form", "model", USE_IT
        )
    return whole(written, head, network, job)


def of_layers(job: RecipeJob, written: Written) -> str:
    """Return the class of a network that is one layer after another, and what it needs."""
    model = job.model
    uses: set[type[nn.Module]] = set()
    stages = list(model.named_children())
    factoring = Factoring(block_name)
    calls = factoring.of([call_of(layer, uses) for _, layer in stages])
    kept = [
        (name, layer, call)
        for (name, layer), call in zip(stages, calls, strict=True)
        if call.name != "nn.Identity" or call.comment
    ]
    written.add(*sorted(uses, key=lambda kind: kind.__name__))
    lines = []
    for name, _, call in kept:
        begin = f"        self.{name} = "
        comment = f"  # {call.comment}" if call.comment else ""
        lines.append(f"{begin}{laid_out(call, 8, len(begin))}{comment}")
    forward = forward_lines(model, [(name, layer) for name, layer, _ in kept])
    functions = "".join(f"\n\n{function.text}\n\n" for function in factoring.functions)
    text = functions + class_of(job, lines, forward)
    for name in ("weight_norm", "spectral_norm"):
        if f"{name}(" in text:
            written.imports.add(("torch.nn.utils.parametrizations", name, ""))
    if "OrderedDict(" in text:
        written.imports.add(("collections", "OrderedDict", ""))
    return text


def class_of(job: RecipeJob, made: Sequence[str], forward: Sequence[str]) -> str:
    """Return the class ``Network``.

    Args:
        made: the lines that make its layers.
        forward: the lines of its forward pass.
    """
    lines = ["class Network(nn.Module):", f'    """{told_shapes(job)}"""', ""]
    lines += ["    def __init__(self) -> None:", "        super().__init__()", *made]
    lines += ["", "    def forward(self, x: torch.Tensor) -> torch.Tensor:", *forward]
    return "\n".join(lines)


def of_package(job: RecipeJob, kind: Pretrained, written: Written) -> str:
    """Return the class of a network that another package makes, with a new head."""
    stages = dict(job.model.named_children())
    uses: set[type[nn.Module]] = set()
    own = {
        name: call_of(layer, uses)
        for name, layer in stages.items()
        if name in ("dropout_input", "fit", "dropout_head", "head")
    }
    written.add(*uses)
    before = [name for name in ("dropout_input", "fit") if name in own]
    after = [name for name in ("dropout_head", "head") if name in own]

    def lines(names: Sequence[str]) -> list[str]:
        return [f"        self.{name} = {laid_out(own[name], 8, 20)}" for name in names]

    if kind.name in LITE:
        written.imports.add(("efficientnet_lite_pytorch", "EfficientNet", ""))
        (size,) = {stage.size for stage in stages.values() if isinstance(stage, FitImages)}
        name = kind.name.replace("_", "-")
        middle = [
            f'        net = EfficientNet.from_name("{name}", image_size={list(size)})',
            "        self.stem = nn.Sequential(net._conv_stem, net._bn0, nn.ReLU6())",
            "        for number, block in enumerate(net._blocks, 1):",
            '            self.add_module(f"block{number}", block)',
            "        pooled = nn.AdaptiveAvgPool2d(1), nn.Flatten()",
            "        top = net._conv_head, net._bn1, nn.ReLU6(), *pooled",
            "        self.top = nn.Sequential(*top)",
        ]
    else:
        written.imports.add(("timm", "", ""))
        middle = [
            f"        name = {json.dumps(kind.name)}",
            "        self.body = timm.create_model(name, pretrained=False, num_classes=0)",
        ]
    forward = [
        "        for stage in self.children():",
        "            x = stage(x)",
        "        return x",
    ]
    return class_of(job, [*lines(before), *middle, *lines(after)], forward)


def of_user(job: RecipeJob, kind: PythonModel, written: Written) -> str:
    """Return what makes a user's network: a call of their function, whose file is copied."""
    module, _, name = kind.target.partition(":")
    taken = name.split(".")[0]
    if module.split(".")[0] in OUR_FILES:
        raise CannotExport(
            f"cannot be exported: the export has a file {module.split('.')[0]}.py of its own",
            kind.target,
            "give the module with the network another name",
        )
    written.imports |= {(module, taken, ""), ("functools", "partial", "")}
    names = parameter_names(resolve(kind.target, job.folder, kind.taught))
    known: dict[str, object] = {
        "inputs": tuple(job.data.shape),
        "outputs": job.loss_kind.outputs(job.data.task),
        "vocabulary": len(job.data.task.vocabulary),
    }
    given = {n: value for n, value in known.items() if n in names} | kind.args
    arguments = "".join(f", {n}={value!r}" for n, value in given.items())
    return f"# {told_shapes(job)}\nNetwork = partial({name}{arguments})"


def forward_lines(model: nn.Module, stages: Sequence[tuple[str, nn.Module]]) -> list[str]:
    """Return what ``forward`` does: one layer after another."""
    lines = []
    lengths = isinstance(model, SequenceNetwork) and model.padding is not None
    if lengths and isinstance(model, SequenceNetwork):
        lines.append("        # A sample of nothing but padding counts as one token.")
        lines.append(f"        lengths = (x != {model.padding}).sum(1).clamp(min=1)")
    for name, layer in stages:
        told = ", lengths" if lengths and isinstance(layer, PaddingAware) else ""
        lines.append(f"        x = self.{name}(x{told})")
    last = lines.pop()
    return [*lines, last.replace("x = ", "return ", 1)]


def told_shapes(job: RecipeJob) -> str:
    """Return what the network maps to what, in a line."""
    inputs = ", ".join(["N", *map(str, job.data.shape)])
    task = job.data.task
    count = job.loss_kind.outputs(task)
    if task.next_token:
        return f"Token ids [N, T] to scores [N, T, {count}] of the next tokens."
    what = "Token ids" if task.vocabulary else "Inputs"
    return f"{what} [{inputs}] to outputs [N, {count}]."


def whole(written: Written, head: str, body: str, job: RecipeJob) -> str:
    """Return the file: docstring, imports, definitions, and how the weights are loaded."""
    written.imports |= {
        ("pathlib", "Path", ""),
        ("torch", "", ""),
        ("torch", "nn", ""),
        ("safetensors.torch", "load_file", ""),
    }
    precision = str(job.dtype).removeprefix("torch.")
    made = "Network()" if precision == "float32" else f"Network().to(torch.{precision})"
    loading = f'''
HERE = Path(__file__).parent


def load(weights: Path = HERE / "model.safetensors") -> nn.Module:
    """Return the trained network, for evaluation."""
    network = {made}
    network.load_state_dict(load_file(weights))
    return network.eval()
'''
    return assembled(written, head, f"{body.strip(chr(10))}\n\n{loading}")
