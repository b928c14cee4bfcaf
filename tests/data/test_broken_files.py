"""Whatever bytes a file holds: a data set or a DataError, never another exception."""

import gzip
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.data.csv import Csv
from trickrun.data.formats.array_files import read_idx
from trickrun.data.npz import Npz
from trickrun.errors import DataError

CELLS = st.sampled_from(
    ["1", "2.5", "a", "b", "", "nan", "inf", "1e999", '"', ",", ";", "\0", "é", "_", "\r"]
)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=8)
TABLES = ROWS.map(lambda rows: "\n".join(",".join(row) for row in rows))
IDX = bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5])


def npz() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, x=np.eye(4), y=np.array([0, 1, 0, 1]))
    return file.getvalue()


NPZ = npz()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return ``content`` with a byte changed, and perhaps cut off."""
    broken = bytearray(content)
    broken[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(broken[: draw(st.integers(0, len(content)))])


@given(text=TABLES | st.text(max_size=60), header=st.booleans())
def test_csv(tmp_path_factory: pytest.TempPathFactory, text: str, header: bool) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(("a,b,y\n" * header + text).encode(errors="surrogatepass"))
    try:
        x, y = (
            Csv(path=str(file), target="y" if header else "c1", header=header)
            .load(file.parent)
            .parts["train"]
        )
    except DataError:
        return
    assert len(x) == len(y) > 0
    assert x.isfinite().all()


@given(content=damaged(IDX) | damaged(gzip.compress(IDX)) | st.binary(max_size=40))
def test_idx(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any-labels"
    file.write_bytes(content)
    try:
        labels = read_idx(file, 1)
    except DataError:
        return
    assert labels.dtype == torch.uint8
    assert len(labels) > 0


@given(content=damaged(NPZ) | st.binary(max_size=40))
def test_npz(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.npz"
    file.write_bytes(content)
    try:
        x, y = Npz(path=str(file)).load(file.parent).parts["train"]
    except DataError:
        return
    assert len(x) == len(y) > 0
