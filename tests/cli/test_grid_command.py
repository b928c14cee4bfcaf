"""``grid coarse`` and ``grid fine`` as commands."""

import pytest


@pytest.mark.parametrize("stage", ["coarse", "fine"])
def test_an_error_in_json_names_the_recipe(trickrun, stage):
    ran = trickrun("grid", stage, "missing.yaml", "--json")
    assert (ran.code, ran.json["verdict"], ran.json["recipe"]) == (2, "error", "missing.yaml")
