"""What of the machine's memory a program can have: a container's limit bounds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.data.formats import memory

GIB = 2**30


def write(path: Path, text: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def version_2(root: Path, group: str, limit: object, used: int, cached: int = 0) -> None:
    place = root / "sys/fs/cgroup" / group
    write(place / "memory.max", limit)
    write(place / "memory.current", used)
    write(place / "memory.stat", f"anon 1\ninactive_file {cached}\nactive_file 7")


def version_1(root: Path, group: str, limit: object, used: int, cached: int = 0) -> None:
    place = root / "sys/fs/cgroup/memory" / group
    write(place / "memory.limit_in_bytes", limit)
    write(place / "memory.usage_in_bytes", used)
    write(place / "memory.stat", f"inactive_file 3\ntotal_inactive_file {cached}")


def test_no_groups_and_no_limits(tmp_path: Path) -> None:
    assert memory.group_limits(tmp_path) is None
    write(tmp_path / "proc/self/cgroup", "4:memory:/\n0::/")
    assert memory.group_limits(tmp_path) is None
    version_2(tmp_path, "", "max", 5)
    version_1(tmp_path, "", 9223372036854771712, 5)
    assert memory.group_limits(tmp_path) is None


def test_a_container_of_version_2(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/")
    version_2(tmp_path, "", 4 * GIB, 3 * GIB, cached=GIB)
    assert memory.group_limits(tmp_path) == (4 * GIB, 2 * GIB)


def test_a_container_of_version_1(tmp_path: Path) -> None:
    # The path is the host's; what is mounted is the container's own group.
    write(tmp_path / "proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/")
    version_1(tmp_path, "", 2 * GIB, GIB)
    assert memory.group_limits(tmp_path) == (2 * GIB, GIB)


def test_the_groups_around_bound_it_too(tmp_path: Path) -> None:
    write(tmp_path / "proc/self/cgroup", "0::/user/job")
    version_2(tmp_path, "user/job", 8 * GIB, GIB)
    version_2(tmp_path, "user", 4 * GIB, 5 * GIB)
    assert memory.group_limits(tmp_path) == (4 * GIB, 0)


def test_what_is_free_is_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "group_limits", lambda: (1000, 700))
    told = memory.memory()
    assert (told["limit"], memory.usable_memory()) == (1000, told.get("free", 500))
    assert told.get("free", 700) == 700
    assert memory.beyond_memory(701) == "701 bytes; 700 bytes are free"
    monkeypatch.setattr(memory, "group_limits", lambda: None)
    assert "limit" not in memory.memory()


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (900, "900 bytes"),
        (1536, "1.5 KiB"),
        (3 * 2**20, "3.0 MiB"),
        (2**42, "4,096.0 GiB"),
        (float("inf"), "more memory than any machine has"),
    ],
)
def test_sizes_in_words(size: float, told: str) -> None:
    assert memory.in_words(size) == told
