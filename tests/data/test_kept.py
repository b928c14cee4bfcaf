"""The split that a run keeps: samples found again by what they are, however the data changed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.data.splits import keys
from trickrun.data.splits.kept import Changes, KeptSplit, compare, keep, places_in, restored
from trickrun.data.splits.keys import array_keys, indexed, keys_of
from trickrun.data.splits.source import Keys, Source, Task
from trickrun.errors import DataChanged

FEW = st.lists(st.integers(-3, 3), max_size=12)


@given(
    st.integers(0, 5),
    st.sampled_from([(), (0,), (3,), (2, 2)]),
    st.sampled_from([(), (1,), (2,)]),
    st.sampled_from(["u1", "f4", "f8", "?"]),
    st.sampled_from([1, 40, 2**24]),
)
def test_keys_are_those_of_each_sample_alone(rows, shape, targets, kind, chunk):
    draw = np.random.default_rng(0)
    x = draw.integers(0, 2, (2 * rows, *shape)).astype(kind)[::2]
    y = draw.integers(0, 9, (rows, *targets))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "CHUNK", chunk)
        found = array_keys(x, y)
        beside_names = array_keys(x, [b"a"] * rows)
    for i in range(rows):
        for end, key in ((y[i].tobytes(), found[i]), (b"a", beside_names[i])):
            digest = hashlib.blake2b(x[i].tobytes() + b"\x1f" + end, digest_size=8).digest()
            assert int.from_bytes(digest, "little", signed=True) == int(key)
    assert len(found) == len(beside_names) == rows


def kept(keys: list[int], parts: list[int] | None = None) -> KeptSplit:
    codes = torch.tensor(parts or [1] * len(keys), dtype=torch.uint8)
    return KeptSplit(torch.tensor(keys, dtype=torch.int64), codes, (len(keys), 0, 0))


def told(before: list[int], now: list[int]) -> tuple[int, int, int]:
    changes, _ = compare(kept(before), torch.tensor(now, dtype=torch.int64))
    return changes.added, changes.removed, changes.altered


@given(FEW, FEW)
def test_the_nth_of_equal_samples_is_the_nth(keys, wanted):
    """Against the definition, told with a list of places for each key."""
    where = defaultdict(list)
    for place, key in enumerate(keys):
        where[key].append(place)
    expected = []
    seen: Counter[int] = Counter()
    for key in wanted:
        places = where[key]
        expected.append(places[seen[key]] if seen[key] < len(places) else -1)
        seen[key] += 1
    found = places_in(*(torch.tensor(values, dtype=torch.int64) for values in (keys, wanted)))
    assert found.tolist() == expected


@given(FEW, FEW)
def test_every_sample_is_accounted_for(before, now):
    common = (Counter(before) & Counter(now)).total()
    added, removed, altered = told(before, now)
    assert added + altered == len(now) - common
    assert removed + altered == len(before) - common
    assert min(added, removed, altered) >= 0


@given(st.permutations(range(8)))
def test_another_order_is_no_change(order):
    changes, places = compare(kept([*range(8)]), torch.tensor(order))
    assert not changes.any
    assert [order[place] for place in places.tolist()] == [*range(8)]


@pytest.mark.parametrize(
    ("now", "added", "removed", "altered"),
    [
        ([0, 1, 2, 3, 4], 0, 0, 0),
        ([0, 1, 2, 3, 4, 5, 6], 2, 0, 0),
        ([7, 0, 1, 2, 3, 4], 1, 0, 0),
        ([0, 1, 4], 0, 2, 0),
        ([0, 9, 2, 3, 4], 0, 0, 1),
        ([9, 1, 2, 3, 8], 0, 0, 2),
        ([0, 1, 3, 9], 0, 1, 1),
        # The third row is gone, another one is new at the end.
        ([0, 1, 3, 4, 5], 1, 1, 0),
        ([9, 9, 9, 9, 9], 0, 0, 5),
    ],
)
def test_added_removed_and_altered(now, added, removed, altered):
    assert told([0, 1, 2, 3, 4], now) == (added, removed, altered)


def test_changes_in_words():
    assert Changes(10, 14, added=4).told("rows") == "4 rows added (10 then, 14 now)"
    assert Changes(10, 10, altered=1).told("rows") == "1 row altered"
    assert (
        Changes(10, 9, 1, 2, 3, ("a", "b"), ("c",)).told("images")
        == "columns 'a', 'b' added, column 'c' removed, 1 image added, 2 images removed, "
        "3 images altered (10 then, 9 now)"
    )


def source(x: torch.Tensor, y: torch.Tensor, **own: tuple[torch.Tensor, torch.Tensor]) -> Source:
    return Source({"train": (x, y), **own}, Task("classification", 2, labels=("no", "yes")))


def test_a_source_is_brought_back_to_its_order_and_parts():
    x = torch.arange(12.0).reshape(6, 2)
    y = torch.tensor([0, 1, 0, 1, 1, 0])
    whole = source(x[:4], y[:4], test=(x[4:], y[4:]))
    split = keep(whole, keys_of(whole), {"train": torch.tensor([0, 2]), "val": torch.tensor([3])})
    assert split.parts.tolist() == [1, 0, 1, 2, 3, 3]
    assert split.sizes == (4, 0, 2)
    assert {name: rows.tolist() for name, rows in split.rows().items()} == {
        "train": [0, 2],
        "val": [3],
    }
    # Two have changed places with the part that the data bring.
    order = torch.tensor([5, 3, 2, 0, 1, 4])
    mixed = source(x[order[:3]], y[order[:3]], test=(x[order[3:]], y[order[3:]]))
    again = restored(mixed, split, keys_of(mixed), "samples")
    for name, (inputs, targets) in whole.parts.items():
        assert torch.equal(again.parts[name][0], inputs)
        assert torch.equal(again.parts[name][1], targets)
    fewer = source(x[:3], y[:3], test=(x[4:], y[4:]))
    with pytest.raises(DataChanged, match=r"1 sample removed \(6 then, 5 now\)"):
        restored(fewer, split, keys_of(fewer), "samples")


def test_keys_are_those_that_run_folders_hold():
    """What is hashed is stated in words: a version that hashes other bytes must say so (KEYS)."""
    x = np.array([[1.5, -2.0]], dtype=np.float32)
    for y, target in (
        (np.array([3], dtype=np.int64), (3).to_bytes(8, "little")),
        ([b"oak"], b"oak"),
    ):
        content = x.tobytes() + b"\x1f" + target
        digest = hashlib.blake2b(content, digest_size=8).digest()
        assert array_keys(x, y).tolist() == [int.from_bytes(digest, "little", signed=True)]
    digest = hashlib.blake2b(b"moons\x1f2", digest_size=8).digest()
    assert indexed({"train": 2, "test": 1}, "moons").parts["test"].tolist() == [
        int.from_bytes(digest, "little", signed=True)
    ]


def test_a_class_more_leaves_the_keys_of_the_others():
    x, y = torch.eye(3), torch.tensor([0, 1, 1])
    two = Source({"train": (x, y)}, Task("classification", 2, labels=("ash", "oak")))
    three = Source({"train": (x, y + y)}, Task("classification", 3, labels=("ash", "fir", "oak")))
    assert keys_of(two).together().tolist() == keys_of(three).together().tolist()
    assert len({*keys_of(two).together().tolist()}) == 3


def test_what_a_source_says_of_its_samples_is_what_counts():
    own = Keys({"train": torch.tensor([7, 8])}, ("a",))
    said = Source(
        {"train": (torch.zeros(2, 1), torch.zeros(2, 1))}, Task("regression"), identify=lambda: own
    )
    assert keys_of(said) is own
