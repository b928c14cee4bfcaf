"""The extra notebook: docs/examples' notebook in a real kernel, and tables of what is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "trickrun_in_a_notebook.ipynb"


def texts(cell: Any) -> str:
    """Return what a cell printed, and what its last line shows as text."""
    return "".join(
        one.get("text", "") if one.output_type == "stream" else one.data.get("text/plain", "")
        for one in cell.outputs
    )


def kinds(cell: Any) -> set[str]:
    """Return the kinds of what a cell displays, such as image/svg+xml."""
    return {kind for one in cell.outputs for kind in one.get("data", {})}


def test_the_notebook_is_kept_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs trickrun[notebook]")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_the_notebook_shows_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbformat = pytest.importorskip("nbformat", reason="needs trickrun[notebook]")
        nbclient = pytest.importorskip("nbclient", reason="needs trickrun[notebook]")
        pytest.importorskip("ipykernel", reason="needs trickrun[notebook]")
        pytest.importorskip("pandas", reason="needs trickrun[notebook]")
        monkeypatch.setenv("TRICKRUN_RUNS", str(tmp_path))
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        where = {"metadata": {"path": str(NOTEBOOK.parent)}}
        nbclient.NotebookClient(notebook, timeout=600, resources=where).execute()
    by_code = {
        key: cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        for key in KEYS
        if key in cell.source
    }
    assert set(by_code) == set(KEYS)
    for key, wanted in KEYS.items():
        shown = texts(by_code[key])
        assert all(text in shown for text in wanted), f"{key}:\n{shown}"
    for key in ("lr_find(recipe", "trickrun.signal("):
        assert "image/svg+xml" in kinds(by_code[key])
    assert "text/html" in kinds(by_code["w = trickrun.watch("])


KEYS: dict[str, tuple[str, ...]] = {
    "trickrun.train(recipe)": ("iris: 131 parameters", "epoch 20/20", "run: "),
    "pandas.DataFrame(run.metrics)": ("val_loss", "20"),
    "run.predict": ("'prediction': ['setosa']",),
    "lr_find(recipe": ("use lr ",),
    "trickrun.signal(": ("layers", "activation"),
    "trickrun.checklist(": (
        "Fixed by optimizer.lr=",
        "grid coarse ...",
        "grid fine ...",
        "6 of 6 steps passed",
    ),
    'found.result["edits"]': ("optimizer.lr",),
    "w = trickrun.watch(": ("<watching: 32 backward passes",),
    "[finding.name for": ("Gradients not cleared",),
    "as w:": ("Nothing wrong was seen", "loss CrossEntropyLoss: called at"),
    "groupby": ("False", "True"),
}
"""A piece of each cell's code, and what it must show."""


BROKEN = (
    """
import torch
from torch import nn
from torch.nn import functional as F

import trickrun

x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
model = nn.Linear(4, 2)
w = trickrun.watch()
""",
    """
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def loss_of(scores):
    return F.cross_entropy(scores.softmax(1), y)""",
    """
for _ in range(20):
    loss_of(model(x)).backward()
    optimizer.step()""",
    """%%time
for _ in range(20):
    loss_of(model(x)).backward()
    optimizer.step()""",
    "w.report()",
    "w",
)
"""A training in a notebook: mistakes in its cells 2 and 3, the training once more in cell 4."""


@pytest.fixture
def executed(tmp_path: Path) -> Callable[[Sequence[str]], Any]:
    """Run cells in a kernel's notebook; return them with what they put out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbformat = pytest.importorskip("nbformat", reason="needs trickrun[notebook]")
        nbclient = pytest.importorskip("nbclient", reason="needs trickrun[notebook]")
        pytest.importorskip("ipykernel", reason="needs trickrun[notebook]")

    def run(cells: Sequence[str]) -> Any:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text.strip("\n")) for text in cells]
        )
        where = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(notebook, timeout=600, resources=where).execute()
        return notebook.cells

    return run


def test_a_finding_names_the_cell_and_its_line(executed: Any) -> None:
    cells = executed(BROKEN)
    said = texts(cells[4])
    assert "Probabilities into a loss that takes logits (cell [2], line 5)" in said, said
    assert "  cell [2], line 5: " in said
    assert "Gradients not cleared (cell [3], line 2)" in said
    assert "ipykernel" not in said
    page = next(one for one in cells[5].outputs if "text/html" in one.get("data", {}))
    assert "cell [3], line 2" in page.data["text/html"]
    assert "ipykernel" not in page.data["text/html"]


def test_a_timed_cell_has_its_lines_too(executed: Any) -> None:
    said = texts(executed([*BROKEN[:2], BROKEN[3], "w.report()"])[3])
    assert "Gradients not cleared (cell [%%time], line 3)" in said, said


def test_a_cell_that_is_run_again_has_the_number_that_is_shown(executed: Any) -> None:
    said = texts(executed([*BROKEN[:3], BROKEN[2], "w.report()"])[4])
    assert "Gradients not cleared (cell [4], line 2)" in said, said


def test_tables_are_taken_by_pandas_and_polars(tmp_path: Path, monkeypatch: Any) -> None:
    pandas = pytest.importorskip("pandas", reason="needs trickrun[notebook]")
    polars = pytest.importorskip("polars", reason="needs trickrun[notebook]")
    import torch

    import trickrun

    monkeypatch.chdir(NOTEBOOK.parents[2])
    run = trickrun.train("recipes/iris.yaml", "train.epochs=2", runs_dir=tmp_path)
    model = torch.nn.Linear(4, 2)
    loss = torch.nn.CrossEntropyLoss()
    with trickrun.watch(model, torch.optim.SGD(model.parameters(), 0.1), loss) as watching:
        loss(model(torch.ones(3, 4)), torch.zeros(3).long()).backward()
    predicted = run.predict([[5.1, 3.5, 1.4, 0.2]])
    for table in (run.metrics, run.steps, predicted, watching.losses):
        rows = len(next(iter(table.values())))
        assert rows
        assert pandas.DataFrame(table).shape == (rows, len(table))
        assert polars.DataFrame(table).shape == (rows, len(table))
    assert polars.DataFrame(run.metrics)["val_loss"].dtype == polars.Float64
