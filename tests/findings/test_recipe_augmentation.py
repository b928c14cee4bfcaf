"""Which augmentations make another class of a digit or a letter."""

from dataclasses import replace

import pytest

from trickrun.data.digits import Digits
from trickrun.data.fashion_mnist import FashionMnist
from trickrun.data.image_folder import ImageFolder
from trickrun.data.mnist import Mnist
from trickrun.data.npz import Npz
from trickrun.findings.evidence.data import Classes, DataEvidence, Inputs
from trickrun.findings.rules.recipe.augmentation import RULES
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import from_tree

KINDS = {
    "digits": Digits,
    "mnist": Mnist,
    "fashion_mnist": FashionMnist,
    "image_folder": ImageFolder,
    "npz": Npz,
}

FLIP = {"kind": "flip", "axis": "horizontal", "p": 0.5}
SHIFT = {"kind": "shift", "pixels": 1}


def rotate(degrees, p=1.0):
    return {"kind": "rotate", "degrees": degrees, "p": p}


def evidence(augmentation, kind="digits", labels=None, shape=(1, 8, 8)):
    data = None
    if labels is not None:
        inputs = Inputs(100, 0.0, 1.0, 0.5, 0.2, (0.1, 0.2, 0.3))
        data = DataEvidence(shape, inputs, classes=Classes(labels, (50,) * len(labels)))
    tree = {"data": {"kind": "digits"}, "model": {"kind": "mlp"}, "augmentation": augmentation}
    facts = facts_of(from_tree(tree))
    inputs = replace(facts.inputs, characters=KINDS[kind].characters)
    return replace(facts, inputs=inputs, data=data)


def found(*given, **words):
    return [finding for rule in RULES for finding in rule(evidence(*given, **words))]


@pytest.mark.parametrize("kind", ["digits", "mnist"])
def test_mirrored_digits_lose_their_flip(kind):
    (finding,) = found([SHIFT, FLIP], kind=kind)
    assert (finding.code, finding.where) == ("TR18", "augmentation.1")
    assert finding.edit == {"augmentation": [SHIFT]}


@pytest.mark.parametrize("kind", ["fashion_mnist", "image_folder"])
def test_what_has_no_writing_on_it_may_be_mirrored(kind):
    assert found([FLIP, rotate(180)], kind=kind) == []
    assert found([FLIP, rotate(180)], kind=kind, labels=("cat", "dog")) == []


def test_classes_named_by_letters_are_letters_if_they_are_pictures():
    assert len(found([FLIP], kind="image_folder", labels=("a", "b", "7"))) == 1
    assert found([FLIP], kind="npz", labels=("a", "b"), shape=(4,)) == []
    # 0, 1, 2 may be how somebody numbers animals.
    assert found([FLIP], kind="npz", labels=("0", "1", "2")) == []


@pytest.mark.parametrize(
    "off", [{**FLIP, "p": 0.0}, rotate(180, p=0.0), rotate(30), SHIFT], ids=str
)
def test_what_is_off_or_mild_is_fine(off):
    assert found([off]) == []


def test_digits_turned_upside_down_get_a_smaller_angle():
    affine = {"kind": "affine", "rotate": 90.0, "p": 1.0}
    (finding,) = found([SHIFT, rotate(180.0), affine])
    assert (finding.code, finding.where) == ("TR18", "augmentation.1")
    assert finding.evidence == {"degrees": 180.0}
    assert finding.edit == {"augmentation.1.degrees": 15.0, "augmentation.2.rotate": 15.0}
