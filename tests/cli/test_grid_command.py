"""``grid coarse`` and ``grid fine`` as commands."""

import pytest


@pytest.mark.parametrize("stage", ["coarse", "fine"])
def test_an_error_in_json_names_the_recipe(trickrun, stage):
    ran = trickrun("grid", stage, "missing.yaml", "--json")
    assert (ran.code, ran.json["verdict"], ran.json["recipe"]) == (2, "error", "missing.yaml")


def test_a_fine_search_with_its_own_space_starts_from_no_other(trickrun, tmp_path):
    (tmp_path / "r.yaml").write_text(
        "data: iris\nmodel: mlp\ngrid: {fine: {space: {optimizer.lr: {log: [1e-3, 1e-1]}}}}\n"
    )
    run = tmp_path / "runs" / "r" / "1"
    run.mkdir(parents=True)
    (run / "resolved.yaml").write_text("")
    ran = trickrun("grid", "fine", "r.yaml", "--from", str(run))
    assert ran.code == 2
    assert "error: --from: the recipe already gives the space of the fine search" in ran.err
