"""Event files: one that TensorBoard wrote is read, and each way in which one can be damaged."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.checks.curves.files.events import is_log, masked_crc, read_events, varint
from trickrun.errors import DataError

REAL = Path(__file__).parent / "events.out.tfevents.written_by_tensorboard"
"""Written by torch.utils.tensorboard with tensorboard 2.21: eight steps of Loss/train, Loss/val and
Accuracy/val; Loss/train at step 7 again; tensors, a histogram, a text and a picture."""


def record(data: bytes) -> bytes:
    """Return a record as the format's description says it."""
    head = struct.pack("<Q", len(data))
    return b"".join(
        [head, struct.pack("<I", masked_crc(head)), data, struct.pack("<I", masked_crc(data))]
    )


def test_what_tensorboard_wrote_is_read():
    logged = read_events(REAL)
    rows = range(8)
    train = [2.0 / (i + 1) for i in rows[:-1]] + [0.125]
    assert logged.columns["step"] == list(rows)
    assert logged.columns["Loss/train"] == pytest.approx(train, rel=1e-6)
    assert logged.columns["Loss/val"] == pytest.approx(
        [2.2 / (i + 1) + 0.1 for i in rows], rel=1e-6
    )
    assert logged.columns["extra"][3] == 1.5
    assert logged.columns["extra64"][3] == 2.5
    assert set(logged.columns) == {
        "step", "Loss/train", "Loss/val", "Accuracy/val", "extra", "extra64",
    }  # fmt: skip
    assert logged.notes == ("1 values were written twice: the later ones count",)


def test_the_checksum_is_crc32c():
    # RFC 3720, B.4: 32 bytes of zeros, and of ones.
    for data, crc in ((bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)):
        wanted = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        assert masked_crc(data) == wanted


def test_folders_name_their_tags(tmp_path):
    for name in ("train", "validation"):
        (tmp_path / name).mkdir()
        shutil.copy(REAL, tmp_path / name)
    assert is_log(str(tmp_path))
    assert "validation/Loss/val" in read_events(tmp_path).columns


def test_a_file_that_is_being_written_is_read_as_far_as_it_goes(tmp_path):
    content = REAL.read_bytes()
    file = tmp_path / "a.tfevents.1"
    file.write_bytes(content[:700])
    logged = read_events(file)
    assert 0 < len(logged.columns["step"]) < 8
    assert logged.notes == ("a file ends within a record, which is left out",)


def test_every_changed_byte_is_noticed_or_harmless(tmp_path):
    content = REAL.read_bytes()
    file = tmp_path / "a.tfevents.1"
    draw = random.Random(0)
    for _ in range(60):
        place = draw.randrange(len(content) - 1)
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        file.write_bytes(changed)
        with pytest.raises(DataError, match=r"checksum|no event file"):
            read_events(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epoch,loss\n1,2\n3,4\n", "this is no event file"),
        (record(b"\x09" + bytes(8)), "it has no scalars"),
        (record(b"\x2a\x7f"), "is no event"),
        (record(b"\x0b"), "is no event"),
        (record(b"\x10" + b"\xff" * 10), "is no event"),
        (record(b"\x2a\x05\x0a\x03\x0a\x01\xff"), "is no event"),
    ],
)
def test_what_is_no_event_file_is_one_error(tmp_path, content, message):
    file = tmp_path / "a.tfevents.1"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_events(file)


@given(st.binary(max_size=60))
def test_any_bytes_in_a_record_are_scalars_or_one_error(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("any") / "a.tfevents.1"
    file.write_bytes(record(data))
    with pytest.raises(DataError):
        read_events(file)


def test_numbers_of_steps():
    assert varint(b"\x96\x01", 0) == (150, 2)
    assert varint(b"\xff" * 9 + b"\x01", 0) == (-1, 10)
