"""What makes a trial another one."""

from pathlib import Path

from trickrun.engines.trial import make_trial
from trickrun.recipe.patch import canonical


def test_a_change_in_what_user_code_imports_makes_another_trial(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("from helper import make\n")
    tree = canonical({"data": "iris", "model": {"kind": "python", "target": "net:make"}})
    ids = set()
    for size in (4, 4, 8):
        (tmp_path / "helper.py").write_text(f"SIZE = {size}\n")
        ids.add(make_trial(tree, {}, tmp_path).id)
    assert len(ids) == 2
