"""A virtual environment beside this one, into which a test puts packages."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import trickrun

ROOT = Path(trickrun.__file__).parents[1]


def make_environment(folder: Path) -> tuple[Path, Path]:
    """Make one in ``folder`` with all that this one has; return its python and site-packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    return folder / "bin" / "python", packages


def announce(folder: Path, package: str, section: str, entries: str) -> None:
    """Write the metadata of an installed package that announces kinds of a section."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[trickrun.{section}]\n{entries}\n")
