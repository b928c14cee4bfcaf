"""The package of docs/plug-ins.md, as the page has it, adds its kind."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

from other_environment import announce, make_environment

PAGE = (Path(__file__).parents[2] / "docs" / "plug-ins.md").read_text(encoding="utf-8")
RECIPE = """
data: {kind: synthetic, family: moons}
model: {kind: mlp, hidden: [16]}
optimizer: {kind: sign_descent, lr: 1e-2}
"""


def block(name: str) -> str:
    """Return the code block of the page that the comment ``name`` stands before."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_package_of_the_page_adds_its_kind(tmp_path):
    python, packages = make_environment(tmp_path / "env")
    (packages / "sign_descent.py").write_text(block("module"))
    points = tomllib.loads(block("entry-points"))["project"]["entry-points"]
    ((group, entries),) = points.items()
    lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
    announce(packages, "sign_descent", group.removeprefix("trickrun."), lines)
    (tmp_path / "r.yaml").write_text(RECIPE)

    def answer(*arguments):
        command = [str(python), "-m", "trickrun", *arguments, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return json.loads(done.stdout)

    trained = answer("train", "r.yaml", "train.epochs=20")
    assert trained["result"]["test"]["accuracy"] > 0.8
    (trick,) = answer("tricks", "sign_descent")["result"]["tricks"]
    assert trick["source"] == "Bernstein et al. 2018, signSGD, arXiv:1802.04434."
