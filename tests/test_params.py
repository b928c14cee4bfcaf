"""Kinds are found by their files; installed packages may add some, folders of strangers may not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from other_environment import announce, make_environment

import trickrun
from trickrun.data._data import DATA_KINDS
from trickrun.data.normalizers import NORMALIZERS
from trickrun.models import MODELS
from trickrun.params import KindFolder, Params, kind_of
from trickrun.tricks.augmentation import AUGMENTATIONS
from trickrun.tricks.init import INITS
from trickrun.tricks.init.residual._residual_init import RESIDUAL_INITS
from trickrun.tricks.losses import LOSSES
from trickrun.tricks.metrics import METRICS
from trickrun.tricks.normalization import NORMALIZATIONS
from trickrun.tricks.optimizers import OPTIMIZERS
from trickrun.tricks.regularizers import REGULARIZERS
from trickrun.tricks.schedules import SCHEDULES

PACKAGE = Path(trickrun.__file__).parent
FOLDERS = (
    AUGMENTATIONS, DATA_KINDS, INITS, LOSSES, METRICS, MODELS, NORMALIZATIONS, NORMALIZERS,
    OPTIMIZERS, REGULARIZERS, RESIDUAL_INITS, SCHEDULES,
)  # fmt: skip
MOONS = "data: {kind: synthetic, family: moons}\nmodel: {kind: mlp, hidden: [4]}\n"
FOO = '''
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trickrun.tricks.optimizers import Optimizer

if TYPE_CHECKING:
    import torch


class Foo(Optimizer):
    """Plain gradient descent under another name.

    Formula: w -= lr * g.
    When: to see that a file is enough.
    Defaults: none.
    Source: none.
    """

    kind: Literal["foo"] = "foo"

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        return torch.optim.SGD(groups, lr=self.lr)
'''


MORE = """
    strength: float = 0.5


class Late(Optimizer):
    kind: Literal["late"] = "late"
    what: NoSuchType = None


class Raises(Optimizer):
    kind: Literal["raises"] = "raises"

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        raise ValueError("not today")
"""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_of_a_folder_holds_its_kind(folder: KindFolder) -> None:
    assert len(folder.files) > 1
    for name, params in folder.all().items():
        assert kind_of(params) == name
        assert params.__module__ == f"{folder.package}.{name}"


def test_a_file_without_its_kind_is_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "kinds_here"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "empty.py").write_text("")
    (package / "_base.py").write_text(
        "from trickrun.params import Params\nclass Base(Params):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("kinds_here")
    folder = KindFolder("kinds_here", "_base.Base")
    assert list(folder.files) == ["empty"]
    with pytest.raises(TypeError, match="holds no Base whose kind is 'empty'"):
        folder["empty"]


@pytest.mark.parametrize("name", ["_base", "../losses/mse", "Adam", "adam.adam", "", "os"])
def test_only_a_listed_name_is_looked_up(name: str) -> None:
    assert name not in OPTIMIZERS
    with pytest.raises(KeyError):
        OPTIMIZERS[name]


def test_a_made_object_of_another_section_is_refused() -> None:
    with pytest.raises(Exception, match="valid dictionary"):
        OPTIMIZERS.validated(LOSSES["mse"]())


def run(*args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trickrun", *args],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_loading_a_recipe_imports_only_the_kinds_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: {kind: sgd, lr: 0.1}\n")
    program = (
        "import sys; from pathlib import Path; from trickrun.recipe.load import load\n"
        "load(Path('r.yaml'))\n"
        "print(*sorted(m for m in sys.modules if m.startswith('trickrun.')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    kinds = {f"{f.package}.{name}" for f in FOLDERS for name in f.files} & loaded
    assert kinds == {
        "trickrun.data.synthetic", "trickrun.data.normalizers.standard", "trickrun.models.mlp",
        "trickrun.tricks.optimizers.sgd", "trickrun.tricks.schedules.constant",
        "trickrun.tricks.losses.auto", "trickrun.tricks.init.auto",
        "trickrun.tricks.normalization.none",
    }  # fmt: skip


def test_one_new_file_is_a_new_optimizer(tmp_path: Path) -> None:
    """A copy of the checkout with one file more: it validates, trains, resumes, is listed."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "trickrun", ignore=ignored)
    (tmp_path / "trickrun" / "tricks" / "optimizers" / "foo.py").write_text(FOO)
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: {kind: foo, lr: 0.1}\n")

    assert "r.yaml: ok" in run("validate", "r.yaml", cwd=tmp_path).stdout
    trained = run("train", "r.yaml", "train.epochs=2", "--json", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    run_folder = json.loads(trained.stdout)["run"]
    resumed = run("train", "--resume", run_folder, "train.epochs=3", "--json", cwd=tmp_path)
    assert json.loads(resumed.stdout)["result"]["epochs"] == 3
    listed = json.loads(run("tricks", "foo", "--json", cwd=tmp_path).stdout)["result"]["tricks"]
    assert [trick["section"] for trick in listed] == ["optimizer"]
    schema = json.loads(run("schema", cwd=tmp_path).stdout)
    assert "foo" in schema["$defs"]["optimizers"]["anyOf"][0]["enum"]
    assert "did you mean foo?" in run("validate", "r.yaml", "optimizer=fooo", cwd=tmp_path).stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The python of an environment in which a package adds the optimizer ``bar``."""
    python, packages = make_environment(tmp_path / "env")
    names = {"bar": "Bar", "adam": "Bar", "bad": "Gone", "late": "Late", "raises": "Raises"}
    entries = "\n".join(f"{kind} = bar_optimizer:{name}" for kind, name in names.items())
    announce(packages, "bar_optimizer", "optimizers", entries)
    source = FOO.replace("Foo", "Bar").replace('"foo"', '"bar"')
    (packages / "bar_optimizer.py").write_text(source + MORE)
    return python


def with_python(python: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-m", "trickrun", *args], cwd=cwd, capture_output=True, text=True
    )


def test_an_installed_package_adds_a_kind(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: {kind: bar, lr: 0.1}\n")
    trained = with_python(installed, "train", "r.yaml", "train.epochs=2", "--json", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    listed = with_python(installed, "tricks", "bar", "--json", cwd=tmp_path)
    assert json.loads(listed.stdout)["result"]["tricks"][0]["name"] == "bar"
    schema = json.loads(with_python(installed, "schema", cwd=tmp_path).stdout)
    assert "bar" in schema["$defs"]["optimizers"]["anyOf"][0]["enum"]
    misspelt = with_python(installed, "validate", "r.yaml", "optimizer=baar", cwd=tmp_path)
    assert "did you mean bar?" in misspelt.stderr
    # A name of trickrun's own wins.
    shown = with_python(installed, "show", "r.yaml", "optimizer=adam", "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["result"]["recipe"]["optimizer"]["betas"] == [0.9, 0.999]


def test_no_python_leaves_kinds_of_installed_packages_out(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: {kind: bar, lr: 0.1}\n")
    refused = with_python(installed, "validate", "r.yaml", "--no-python", cwd=tmp_path)
    assert refused.returncode == 2
    assert "unknown kind 'bar'" in refused.stderr
    assert "an installed package adds it, and --no-python leaves such kinds out" in refused.stderr


@pytest.mark.parametrize(("kind", "name"), [("bad", "Gone"), ("late", "Late")])
def test_a_package_that_cannot_deliver_is_an_error_of_that_place(
    installed: Path, tmp_path: Path, kind: str, name: str
) -> None:
    (tmp_path / "r.yaml").write_text(MOONS + f"optimizer: {kind}\nsed: 3\n")
    refused = with_python(installed, "validate", "r.yaml", cwd=tmp_path)
    assert refused.returncode == 2
    assert (
        f"r.yaml:3:12: optimizer.kind: entry point {kind} = bar_optimizer:{name}" in refused.stderr
    )
    assert "unknown key 'sed'" in refused.stderr
    assert "Traceback" not in refused.stderr
    # For everybody else it is not there.
    assert with_python(installed, "schema", cwd=tmp_path).returncode == 0


def test_a_kind_of_a_package_that_fails_is_that_packages_failure(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: raises\n")
    failed = with_python(installed, "train", "r.yaml", cwd=tmp_path)
    assert failed.returncode == 2
    assert (
        "the installed package bar_optimizer: its kind failed: ValueError: not today"
        in failed.stderr
    )
    assert "Traceback" not in failed.stderr


def test_a_parameter_of_a_packages_kind_can_be_searched(installed: Path, tmp_path: Path) -> None:
    space = "space: {optimizer.strength: [0.1, 0.2]}"
    grid = f"grid: {{coarse: {{trials: 2, epochs: 1, sampler: grid, {space}}}}}\n"
    (tmp_path / "r.yaml").write_text(MOONS + "optimizer: {kind: bar, lr: 0.1}\n" + grid)
    searched = with_python(installed, "grid", "coarse", "r.yaml", "--json", cwd=tmp_path)
    trials = json.loads(searched.stdout)["result"]["trials"]
    assert [trial["status"] for trial in trials] == ["finished", "finished"]


def test_metadata_beside_a_recipe_counts_for_nothing(tmp_path: Path) -> None:
    """Neither in the working folder, nor beside the recipe, nor on PYTHONPATH."""
    hostile = "open('ran', 'w').close()\n" + FOO.replace("Foo", "Bar").replace('"foo"', '"bar"')
    for name in ("work", "recipes", "path"):
        (tmp_path / name).mkdir()
        announce(tmp_path / name, "bar_optimizer", "optimizers", "bar = bar_optimizer:Bar")
        (tmp_path / name / "bar_optimizer.py").write_text(hostile)
    recipe = tmp_path / "recipes" / "r.yaml"
    recipe.write_text(MOONS + "optimizer: bar\n")
    work, path = tmp_path / "work", str(tmp_path / "path")
    for command in ("validate", "train", "show"):
        refused = run(command, str(recipe), cwd=work, PYTHONPATH=path)
        assert refused.returncode == 2
        assert "unknown kind 'bar'" in refused.stderr
    assert '"bar"' not in run("tricks", "--json", cwd=work, PYTHONPATH=path).stdout
    assert not list(tmp_path.rglob("ran"))


def test_params_are_built_when_they_are_needed() -> None:
    class Late(Params):
        number: int = 1

    assert Late.__pydantic_complete__ is False
    assert Late.model_validate({"number": 2}).number == 2
