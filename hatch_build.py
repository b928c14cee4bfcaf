"""Puts the shipped recipes into the wheel. In a clone they stay where they are edited: recipes/."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("*.yaml", "broken/*.yaml", "data/*.csv", "data/*.txt")
"""Of recipes/; tests/test_wheel.py compares it with what ``trickrun recipes`` names."""


class ShippedRecipes(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files that a wheel has besides the package; an editable one has none."""
        if version == "editable":
            return
        folder = Path(self.root) / "recipes"
        build_data["force_include"] |= {
            str(file): f"trickrun/_recipes/{file.relative_to(folder).as_posix()}"
            for pattern in SHIPPED
            for file in sorted(folder.glob(pattern))
        }
