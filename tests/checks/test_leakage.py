"""What a table gives away: each leak with its edit, which mends it, and the known false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.checks.data_look import look, measure
from trickrun.checks.leakage.table import chunks
from trickrun.data.splits.prepare import prepare
from trickrun.findings.finding import Finding
from trickrun.recipe.load import derive, load

LEAKS = ("TR08", "TR97", "TR98")
N = 400

Columns = dict[str, Sequence[Any]]


def write(folder: Path, columns: Columns) -> None:
    lines = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")


def found(folder: Path, columns: Columns, *overrides: str) -> list[Finding]:
    """Return the leaks in a table whose column y is to be predicted."""
    write(folder, columns)
    return leaks(folder, *overrides)


def leaks(folder: Path, *overrides: str) -> list[Finding]:
    path = folder / "r.yaml"
    path.write_text("data: {kind: csv, path: t.csv, target: y}\nmodel: {kind: mlp, hidden: [8]}\n")
    loaded = load(path, overrides)
    findings = look(loaded.recipe, prepare(loaded.recipe.data, folder))
    return [finding for finding in findings if finding.code in LEAKS]


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings]


def mended(folder: Path, finding: Finding, *overrides: str) -> list[Finding]:
    """Return the leaks that are left with the edit of a finding."""
    assert finding.edit
    loaded = derive(load(folder / "r.yaml", overrides), finding.edit)
    findings = look(loaded.recipe, prepare(loaded.recipe.data, folder))
    return [other for other in findings if other.code in LEAKS and other.severity != "info"]


def numbers(count: int = N, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=count).round(4)


def healthy(count: int = N) -> Columns:
    """Return two features and classes that they tell in part, in no order."""
    a, b, noise = (numbers(count, seed) for seed in (1, 2, 3))
    return {"a": a, "b": b, "y": np.where(a + b + noise > 0, "yes", "no")}


def values(count: int = N) -> Columns:
    a, b, noise = (numbers(count, seed) for seed in (1, 2, 3))
    return {"a": a, "b": b, "y": (3 * a + b + noise).round(4)}


def test_healthy_tables_have_no_leak(tmp_path: Path) -> None:
    assert found(tmp_path, healthy()) == []
    assert found(tmp_path, values()) == []


# A column that is the target in other words


def code(y: Sequence[Any]) -> list[int]:
    return [3 if label == "yes" else 8 for label in y]


@pytest.mark.parametrize("write_class", [lambda y: code(y), lambda y: [f"is {each}" for each in y]])
def test_a_column_that_names_the_class(tmp_path: Path, write_class: Any) -> None:
    table = healthy()
    (finding,) = found(tmp_path, {"leak": write_class(table["y"]), **table})
    assert (finding.code, finding.severity) == ("TR97", "error")
    assert finding.edit == {"data.drop": ["leak"]}
    assert mended(tmp_path, finding) == []


@pytest.mark.parametrize(("others", "expected"), [(1, [("TR97", "warning")]), (8, [])])
def test_a_column_that_mostly_names_the_class(
    tmp_path: Path, others: int, expected: list[tuple[str, str]]
) -> None:
    table = healthy()
    leak = [11 - cell if i < others else cell for i, cell in enumerate(code(table["y"]))]
    assert told(found(tmp_path, {"leak": leak, **table})) == expected


@pytest.mark.parametrize("scale", [1.0, -0.01, 1000.0])
def test_a_column_that_is_the_value(tmp_path: Path, scale: float) -> None:
    table = values()
    leak = [f"{scale * y:.9g}" for y in table["y"]]
    (finding,) = found(tmp_path, {"leak": leak, **table})
    assert (finding.code, finding.severity) == ("TR97", "error")
    assert mended(tmp_path, finding) == []


def test_all_such_columns_are_dropped_at_once(tmp_path: Path) -> None:
    table = values()
    twice = {"one": [2 * y for y in table["y"]], "other": [y + 1 for y in table["y"]], **table}
    findings = found(tmp_path, twice, "data.drop=[b]")
    assert told(findings) == [("TR97", "error")] * 2
    assert findings[0].edit == {"data.drop": ["b", "one", "other"]}
    listed = found(tmp_path, twice, "data.features=[a, one, other]")
    assert listed[0].edit == {"data.features": ["a"]}
    # Nothing would be left.
    assert found(tmp_path, twice, "data.features=[one, other]")[0].edit is None


def test_a_column_that_is_nearly_the_target_is_a_warning(tmp_path: Path) -> None:
    table = values()
    noise = numbers(seed=9)
    near = [y + 0.02 * e for y, e in zip(table["y"], noise, strict=True)]
    assert told(found(tmp_path, {"near": near, **table})) == [("TR97", "warning")]
    # A real feature: it tells much, but not all.
    good = [y + 0.3 * e for y, e in zip(table["y"], noise, strict=True)]
    assert found(tmp_path, {"good": good, **table}) == []


def test_a_threshold_of_one_column_is_a_warning(tmp_path: Path) -> None:
    table = healthy()
    score = [abs(x) + 0.1 if label == "yes" else -abs(x) - 0.1
             for x, label in zip(numbers(seed=7), table["y"], strict=True)]  # fmt: skip
    (finding,) = found(tmp_path, {"score": score, **table})
    assert (finding.code, finding.severity) == ("TR97", "warning")
    assert finding.edit == {"data.drop": ["score"]}
    assert mended(tmp_path, finding) == []


def test_one_column_may_well_tell_all(tmp_path: Path) -> None:
    x = numbers()
    assert found(tmp_path, {"x": x, "y": x**2}) == []
    assert found(tmp_path, {"x": x, "y": 3 * x + 1}) == []
    assert found(tmp_path, {"x": x, "y": np.where(x > 0, "yes", "no")}) == []


def test_what_the_other_columns_tell_as_well_is_no_leak(tmp_path: Path) -> None:
    # Two classes that lie far apart in every column.
    label = np.arange(N) % 2
    far = {name: (numbers(seed=seed) + 20 * label).round(3) for seed, name in enumerate("abcd")}
    assert found(tmp_path, {**far, "y": np.where(label, "yes", "no")}) == []
    # Or in one column and in a combination of others.
    a, b = numbers(seed=1), numbers(seed=2)
    mixed = {"sum": (a + b + 8 * label).round(3), "a": a + 40 * label, "b": b}
    assert found(tmp_path, {**mixed, "y": np.where(label, "yes", "no")}) == []


def test_a_function_that_is_not_one_to_one_is_no_leak(tmp_path: Path) -> None:
    x = numbers()
    assert found(tmp_path, {"x": x, "noise": numbers(seed=5), "y": x**2}) == []


def test_a_table_of_few_lines_shows_nothing(tmp_path: Path) -> None:
    table = healthy(28)
    assert found(tmp_path, {"leak": code(table["y"]), **table}) == []


# A number of the lines of a sorted file


def in_order_of_class(table: Columns, share: float = 1.0) -> Columns:
    """Return the table with its first ``share`` of lines sorted by class."""
    count = round(share * N)
    order = [*np.argsort(np.asarray(table["y"])[:count], kind="stable"), *range(count, N)]
    return {name: np.asarray(column)[order] for name, column in table.items()}


KEPT = "data.types={line: number}"


@pytest.mark.parametrize("start", [0, 1, 50_000])
def test_an_id_of_a_sorted_file(tmp_path: Path, start: int) -> None:
    table = in_order_of_class(healthy())
    columns = {"line": range(start, start + N), **table}
    (finding,) = found(tmp_path, columns, KEPT)
    assert (finding.code, finding.severity) == ("TR97", "error")
    assert finding.name == "Sorted by a number"
    assert finding.edit == {"data.drop": ["line"]}
    assert mended(tmp_path, finding, KEPT) == []


def test_a_number_of_the_row_is_left_out_unless_the_recipe_keeps_it(tmp_path: Path) -> None:
    table = in_order_of_class(healthy())
    assert found(tmp_path, {"line": range(N), **table}) == []
    assert told(found(tmp_path, {"line": range(N), **table}, KEPT)) == [("TR97", "error")]


def test_an_id_with_gaps_is_known_by_its_name(tmp_path: Path) -> None:
    table = in_order_of_class(healthy())
    gaps = [7 * i + i % 5 for i in range(N)]
    for name in ("sample_id", "sampleId", "ID"):
        kept = f"data.types={{{name}: number}}"
        assert told(found(tmp_path, {name: gaps, **table}, kept)) == [("TR97", "error")]


def test_a_partly_sorted_file_is_a_warning(tmp_path: Path) -> None:
    table = in_order_of_class(healthy(), 0.8)
    assert told(found(tmp_path, {"line": range(N), **table}, KEPT)) == [("TR97", "warning")]


def test_an_id_that_orders_nothing_is_no_leak(tmp_path: Path) -> None:
    assert found(tmp_path, {"line": range(N), **healthy()}, KEPT) == []
    # Sorted, but the id is no input, or was given before the file was sorted.
    table = in_order_of_class(healthy())
    assert found(tmp_path, {"line": range(N), **table}, "data.drop=[line]") == []
    mixed = np.random.default_rng(0).permutation(N)
    assert found(tmp_path, {"line": mixed, **table}) == []


# Times


def dates(count: int = N) -> list[str]:
    return [str(np.datetime64("2023-01-01") + i) for i in range(count)]


def slow(count: int = N) -> np.ndarray[Any, Any]:
    """Return values that move a little each day."""
    return np.cumsum(numbers(count, 4)).round(3)


@pytest.mark.parametrize("name", ["day", "when"])
def test_a_target_that_moves_with_time(tmp_path: Path, name: str) -> None:
    table: Columns = {name: dates(), "a": numbers(seed=1), "b": numbers(seed=2), "y": slow()}
    (finding,) = found(tmp_path, table, f"data.drop=[{name}]")
    assert (finding.code, finding.severity) == ("TR98", "warning")
    assert finding.edit == {"data.split.time": name}
    assert mended(tmp_path, finding, f"data.drop=[{name}]") == []


def test_the_order_of_lines_does_not_matter_to_dates(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(N)
    table: Columns = {"day": np.array(dates())[order], "a": numbers(), "y": slow()[order]}
    assert told(found(tmp_path, table, "data.drop=[day]")) == [("TR98", "warning")]


def test_the_edit_for_times_lets_duplicates_go(tmp_path: Path) -> None:
    table: Columns = {"day": dates(), "a": numbers(), "y": slow()}
    given = ("data.drop=[day]", "data.split.group_duplicates=true")
    (finding,) = found(tmp_path, table, *given)
    assert finding.edit == {"data.split.time": "day", "data.split.group_duplicates": False}
    assert mended(tmp_path, finding, *given) == []


def test_a_time_in_numbers_is_known_by_its_name(tmp_path: Path) -> None:
    table: Columns = {"a": numbers(), "y": slow()}
    assert told(found(tmp_path, {"timestamp": range(N), **table})) == [("TR98", "warning")]
    assert found(tmp_path, {"position": range(N), **table}) == []
    # In no order of the file it may be anything.
    mixed = np.random.default_rng(0).permutation(N)
    assert found(tmp_path, {"timestamp": mixed, **table}) == []


def test_times_that_tell_nothing_are_a_remark(tmp_path: Path) -> None:
    for table in (healthy(), values()):
        findings = found(tmp_path, {"day": dates(), **table}, "data.drop=[day]")
        assert told(findings) == [("TR98", "info")]
        assert findings[0].edit is None


def test_samples_of_one_day_that_stand_in_order_of_their_class_are_no_drift(tmp_path: Path) -> None:
    table = healthy()
    day = np.array(dates(4)).repeat(N // 4)
    order = np.lexsort((np.asarray(table["y"]), day))
    columns = {name: np.asarray(column)[order] for name, column in {"day": day, **table}.items()}
    assert told(found(tmp_path, columns, "data.drop=[day]")) == [("TR98", "info")]


@pytest.mark.parametrize(
    "overrides", [("data.split={val: 0, test: 0}",), ("data.split.group=who",)]
)
def test_what_is_not_split_at_random_is_not_told_to(
    tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    who = [f"w{i // 10}" for i in range(N)]
    table: Columns = {"day": dates(), "who": who, "a": numbers(), "y": slow()}
    assert found(tmp_path, table, "data.drop=[day, who]", *overrides) == []


# Groups


def people(each: int = 8, strength: float = 0.0) -> Columns:
    """Return samples of persons who have a class each, and features that tell the person; with
    ``strength`` they tell the class too."""
    draw = np.random.default_rng(0)
    count = N // each
    who = np.arange(count).repeat(each)
    label = draw.integers(0, 2, count)[who]
    own = draw.normal(size=(count, 5))[who]
    x = own + 0.1 * draw.normal(size=(N, 5))
    x[:, 0] += strength * (2 * label - 1)
    order = draw.permutation(N)
    columns: Columns = {"patient": [f"p{i}" for i in who[order]]}
    columns |= {f"x{j}": x[order, j].round(4) for j in range(5)}
    return {**columns, "y": np.where(label[order], "ill", "well")}


def test_samples_of_one_group_tell_each_other(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, people(), "data.drop=[patient]")
    assert (finding.code, finding.severity, finding.where) == (
        "TR08",
        "warning",
        "data.split.group",
    )
    assert finding.edit == {"data.split.group": "patient"}
    assert finding.evidence["known"] > 0.9 > 0.4 > finding.evidence["new"]
    assert mended(tmp_path, finding, "data.drop=[patient]") == []


def test_a_group_that_is_a_feature_is_known_by_its_name(tmp_path: Path) -> None:
    table = people()
    numbered = {**table, "patient": [int(cell[1:]) for cell in table["patient"]]}
    assert told(found(tmp_path, numbered)) == [("TR08", "warning")]
    # A category that samples to come have too.
    renamed = {"material" if name == "patient" else name: cells for name, cells in table.items()}
    assert found(tmp_path, renamed) == []


def test_groups_whose_class_the_features_tell_are_no_leak(tmp_path: Path) -> None:
    assert found(tmp_path, people(strength=4.0), "data.drop=[patient]") == []


def test_groups_that_say_nothing_of_the_target_are_no_leak(tmp_path: Path) -> None:
    who = [f"p{i % 50}" for i in range(N)]
    assert found(tmp_path, {"patient": who, **healthy()}, "data.drop=[patient]") == []


def test_few_groups_or_bands_of_the_target_are_no_groups(tmp_path: Path) -> None:
    assert found(tmp_path, people(each=40), "data.drop=[patient]") == []
    table = values()
    bands = [f"band {int(y)}" for y in table["y"]]
    assert found(tmp_path, {"bands": bands, **table}, "data.drop=[bands]") == []
    fine = [f"band {int(10 * y)}" for y in table["y"]]
    assert found(tmp_path, {"bands": fine, **table}, "data.drop=[bands]") == []


def test_a_dropped_name_of_the_class_is_no_group(tmp_path: Path) -> None:
    label = np.arange(N) % 25
    x = np.random.default_rng(0).normal(size=(25, 3))[label] + 0.1 * numbers()[:, None]
    table: Columns = {f"x{j}": x[:, j].round(4) for j in range(3)}
    named = {"name": [f"kind {i}" for i in label], **table, "y": [f"k{i}" for i in label]}
    assert found(tmp_path, named, "data.drop=[name]") == []


# What is looked at


def test_known_data_sets_have_no_leak(tmp_path: Path) -> None:
    """Copies of the tables that come with trickrun, as a user's own."""
    from trickrun.data.breast_cancer import BreastCancer
    from trickrun.data.diabetes import Diabetes
    from trickrun.data.digits import Digits
    from trickrun.data.iris import Iris
    from trickrun.data.wine import Wine

    for kind in (BreastCancer, Diabetes, Digits, Iris, Wine):
        x, y = kind().load(tmp_path).parts["train"]
        inputs = x.flatten(1)
        columns: Columns = {f"f{j}": inputs[:, j].tolist() for j in range(inputs.shape[1])}
        cells = y.flatten().tolist()
        target = [f"class {label}" for label in cells] if y.ndim == 1 else cells
        assert found(tmp_path, {**columns, "y": target}) == [], kind.__name__


def test_synthetic_data_may_follow_one_feature(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {kind: synthetic, family: linear, features: 1, irrelevant: 4, noise: 0.0}\n"
        "model: mlp\n"
    )
    recipe = load(path).recipe
    assert [f.code for f in look(recipe, prepare(recipe.data, tmp_path)) if f.code in LEAKS] == []


def test_only_tables_with_names_are_looked_at(tmp_path: Path) -> None:
    x = numbers()[:, None].repeat(3, 1)
    np.savez(tmp_path / "t.npz", x=x, y=(x[:, 0] > 0).astype("int64"))
    path = tmp_path / "r.yaml"
    path.write_text("data: {kind: npz, path: t.npz}\nmodel: mlp\n")
    recipe = load(path).recipe
    assert measure(recipe, prepare(recipe.data, tmp_path)).leaks.inputs == 0


def test_a_large_file_is_looked_at_in_chunks() -> None:
    order = torch.arange(1_000_000)
    kept = chunks(order, 20_000)
    assert 19_000 < len(kept) <= 20_000
    assert (kept.diff() == 1).double().mean() > 0.98
    assert (int(kept[0]), int(kept[-1])) == (0, 999_999)
    assert torch.equal(chunks(order[:500], 20_000), order[:500])
