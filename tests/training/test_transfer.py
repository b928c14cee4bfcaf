"""Training on what was learned before: frozen stages computed once, weights of other runs."""

from pathlib import Path

import pytest
import torch
from tiny_stages import tiny_stages, tiny_state

from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.models import pretrained
from trickrun.nn.staged import Staged
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.recipe.schema import Recipe
from trickrun.run.folder import create
from trickrun.run.trained import for_predictions, remember_data
from trickrun.training import device as placement
from trickrun.training import transfer
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint, Evaluation
from trickrun.training.loop import train
from trickrun.training.transfer import task_of, with_cached_prefix

DIGITS = Recipe.model_validate(
    {"data": {"kind": "digits", "subset": {"n": 48}, "batch_size": 16}, "model": {"kind": "mlp"}}
).data
PREPARED = prepare(DIGITS, Path())


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(pretrained, "lite_stages", tiny_stages)
    monkeypatch.setattr(pretrained, "lite_weights", lambda name: tiny_state())


def recipe(model=None, **sections):
    tree = {
        "data": DIGITS.model_dump(mode="json"),
        "model": {"kind": "pretrained", "size": 8, **(model or {})},
        "optimizer": {"kind": "adam", "lr": 0.05},
        "train": {"steps": 6, "device": "cpu"},
        **sections,
    }
    return Recipe.model_validate(tree)


def job_of(model=None, folder=Path(), **sections):
    return compile_recipe(recipe(model, **sections), folder, PREPARED)


def losses(job):
    values = [r.values["val_loss"] for r in train(job) if isinstance(r, Evaluation)]
    assert len(values) == 2
    return values


@pytest.mark.parametrize("freeze", ["all", "all_but_last", 1])
def test_cached_stages_train_as_recomputed_ones(freeze):
    assert with_cached_prefix(job_of({"freeze": freeze})) is not None
    cached = losses(job_of({"freeze": freeze}))
    again = losses(job_of({"freeze": freeze, "cache": False}))
    assert cached == pytest.approx(again, rel=1e-5)


def test_the_prefix_runs_once(monkeypatch):
    sizes = []
    forward = Staged.prefix

    def counted(self, x):
        sizes.append(len(x))
        return forward(self, x)

    job = job_of()
    monkeypatch.setattr(Staged, "prefix", counted)
    monkeypatch.setattr(placement, "SMALL_PASS", 200)
    losses(job)
    # 48 training samples, then 270 of validation in two parts.
    assert sizes == [48, 200, 70]


@pytest.mark.parametrize(
    "change",
    [
        {"augmentation": [{"kind": "flip"}]},
        {"regularizers": {"cutmix": {}}},
        {"model": {"freeze": "none", "size": "native"}},
        {"model": {"cache": False}},
        {"regularizers": {"dropout": {"p": 0.0, "input": 0.2}}},
    ],
    ids=str,
)
def test_nothing_is_cached_where_it_would_not_stay_true(change):
    job = job_of(**change)
    assert with_cached_prefix(job) is job


def test_an_augmentation_that_is_off_is_no_obstacle():
    job = job_of(augmentation=[{"kind": "flip", "p": 0.0}])
    cached = with_cached_prefix(job)
    assert cached.data.train.x.shape == (48, 4)
    assert job.data.train.x.shape == (48, 1, 8, 8)
    assert (cached.data.test, cached.data.scaler.shift) == (None, None)
    assert len(job.data.test) == 270


def test_features_beyond_the_limit_are_not_kept(monkeypatch):
    job = job_of()
    monkeypatch.setattr(transfer, "CACHED_BYTES", (48 + 270) * 4 * 4)
    assert with_cached_prefix(job) is not job
    monkeypatch.setattr(transfer, "CACHED_BYTES", (48 + 270) * 4 * 4 - 1)
    assert with_cached_prefix(job) is job


def test_only_the_head_is_initialized_and_trained():
    job = job_of(init={"kind": "constant", "value": 0.25})
    assert (job.model.get_parameter("head.weight") == 0.25).all()
    for name, value in tiny_state().items():
        assert torch.equal(job.model.state_dict()[name], value)
    for _ in train(job):
        pass
    assert not (job.model.get_parameter("head.weight") == 0.25).any()
    for name, value in tiny_state().items():
        assert torch.equal(job.model.state_dict()[name], value)


def test_regularizers_leave_frozen_weights_alone():
    job = job_of(
        regularizers={"l2": {"lambda": 0.1}, "max_norm": {"c": 1e-3}, "dropout": {"p": 0.5}},
        model={"freeze": 1},
    )
    assert {entry.trick for entry in job.ledger} >= {"l2", "max_norm", "dropout", "freeze"}
    for _ in train(job):
        pass
    assert torch.equal(job.model.state_dict()["stem.0.weight"], tiny_state()["stem.0.weight"])


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"normalization": {"kind": "batch"}}, "has its own normalization"),
        ({"init": {"kind": "lsuv"}}, "lsuv would rescale weights that were learned"),
    ],
)
def test_what_has_no_place_in_learned_weights(sections, message):
    with pytest.raises(CompileError, match=message):
        job_of(**sections)


def mlp(**words):
    return {"kind": "mlp", "hidden": [5], **words}


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """Return the folder of a run of a small mlp, which has the last checkpoint only."""
    monkeypatch.setenv("TRICKRUN_RUNS", str(tmp_path / "runs"))
    folder = tmp_path / "runs" / "name" / "20260101-1"
    (folder / "checkpoints").mkdir(parents=True)
    job = compile_recipe(recipe().model_copy(update={"model": changed(mlp())}), Path(), PREPARED)
    (state,) = (r.state for r in train(job) if isinstance(r, Checkpoint))
    torch.save({**state, "metrics_bytes": 0}, folder / "checkpoints" / "last.pt")
    return folder


def changed(model):
    return Recipe.model_validate({"data": {"kind": "digits"}, "model": model}).model


def continued(run, folder=Path(), data=PREPARED, **words):
    new = recipe().model_copy(update={"model": changed(mlp(init_from=str(run), **words))})
    return compile_recipe(new, folder, data)


def saved(folder, name="last"):
    return torch.load(folder / "checkpoints" / f"{name}.pt", weights_only=True)["model"]


@pytest.mark.parametrize("how", ["path", "beside", "id", "name"])
def test_a_run_goes_on_from_another(earlier, how):
    given = {
        "path": (earlier, Path()),
        "beside": ("name/20260101-1", earlier.parent.parent),
        "id": ("20260101-1", Path()),
        "name": ("name/20260101-1", Path()),
    }
    job = continued(*given[how])
    for name, value in saved(earlier).items():
        assert torch.equal(job.model.state_dict()[name], value)
    (entry,) = (entry for entry in job.ledger if entry.trick == "init_from")
    assert entry.what == "4 tensors of 20260101-1"


def test_the_best_weights_are_taken_where_there_are_any(earlier):
    best = {name: value + 1 for name, value in saved(earlier).items()}
    torch.save({"model": best, "values": {}}, earlier / "checkpoints" / "best.pt")
    job = continued(earlier)
    assert torch.equal(job.model.get_parameter("linear1.bias"), best["linear1.bias"])


def test_a_head_for_other_classes_is_new(earlier):
    state = saved(earlier)
    state["head.weight"], state["head.bias"] = torch.zeros(7, 5), torch.zeros(7)
    torch.save({"model": state}, earlier / "checkpoints" / "best.pt")
    job = continued(earlier)
    assert torch.equal(job.model.get_parameter("linear1.bias"), state["linear1.bias"])
    assert job.model.get_parameter("head.weight").any()
    (entry,) = (entry for entry in job.ledger if entry.trick == "init_from")
    assert entry.what == "2 tensors of 20260101-1; new: head.weight, head.bias"


def test_another_network_is_refused(earlier):
    with pytest.raises(
        CompileError, match=r"is different: linear1\.weight, linear1\.bias, lin.*more"
    ):
        continued(earlier, hidden=[6, 5])


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(CompileError, match="no run 'nobody' with weights") as caught:
        continued("nobody", tmp_path)
    assert caught.value.where == "model.init_from"


def test_a_damaged_checkpoint(earlier):
    (earlier / "checkpoints" / "best.pt").write_bytes(b"torn")
    with pytest.raises(CompileError, match="the checkpoint cannot be read") as caught:
        continued(earlier)
    assert caught.value.where == "model.init_from"


def test_predictions_do_not_need_the_earlier_run(earlier):
    job = continued(earlier)
    model = for_predictions(job.recipe).model
    assert model.init_from is None
    assert model.hidden == (5,)


def test_frozen_layers_are_trained_later_from_where_the_head_was_left(earlier):
    first = job_of()
    (state,) = (r.state for r in train(first) if isinstance(r, Checkpoint))
    torch.save({"model": state["model"]}, earlier / "checkpoints" / "best.pt")
    second = job_of({"freeze": "none", "init_from": str(earlier)})
    for name, value in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], value)
    assert all(p.requires_grad for p in second.model.parameters())


STORY = "the cat sat. the dog ran. a bird sang and the cat heard. " * 4
REVIEWS = "text,opinion\n" + "good cats run,good\nbad zebras sit,bad\n" * 12


def text_run(folder, monkeypatch, model, story=STORY):
    """Return the folder of a run that has learned to continue ``story``."""
    (folder / "story.txt").write_text(story)
    data = {"kind": "text", "path": "story.txt", "length": 8, "batch_size": 4}
    return kept_run(folder, monkeypatch, {"data": data, "model": model})


def kept_run(folder, monkeypatch, tree):
    monkeypatch.setenv("TRICKRUN_RUNS", str(folder / "runs"))
    found = create(folder / "runs", "text")
    job = compile_recipe(of_tree({"train": {"steps": 3}, **tree}), folder)
    remember_data(found, job)
    (found.path / "checkpoints").mkdir(exist_ok=True)
    for record in train(job):
        if isinstance(record, Checkpoint):
            torch.save({**record.state, "metrics_bytes": 0}, found.path / "checkpoints" / "last.pt")
    return found.path


def of_tree(tree):
    return from_tree(canonical(tree))


GRU = {"kind": "gru", "hidden": 6, "embedding": 4}


def test_a_token_brings_its_vector_along_whatever_its_number(tmp_path, monkeypatch):
    run = text_run(tmp_path, monkeypatch, GRU)
    (tmp_path / "reviews.csv").write_text(REVIEWS)
    words = {"kind": "text", "path": "reviews.csv", "target": "opinion", "batch_size": 4}
    tree = {"data": {**words, "tokens": "char"}, "model": {**GRU, "init_from": str(run)}}
    job = compile_recipe(of_tree(tree), tmp_path)
    before = task_of(run).vocabulary
    now = job.data.task.vocabulary
    fresh = compile_recipe(of_tree({**tree, "model": GRU}), tmp_path).model.state_dict()
    state, found = saved(run), job.model.state_dict()
    assert {"z", "t"} <= set(now)
    assert "z" not in before
    assert before.index("t") != now.index("t")
    for place, token in enumerate(now):
        old = state["embedding.weight"][before.index(token)] if token in before else None
        row = fresh["embedding.weight"][place] if old is None else old
        assert torch.equal(found["embedding.weight"][place], row), token
    assert torch.equal(found["head.weight"], fresh["head.weight"])
    body = [name for name in state if name.split(".")[0] not in ("embedding", "head")]
    assert body
    assert all(torch.equal(found[name], state[name]) for name in body)


def test_a_language_model_goes_on_with_another_text(tmp_path, monkeypatch):
    run = text_run(tmp_path, monkeypatch, GRU)
    (tmp_path / "other.txt").write_text("zebras and cats: they sang. " * 9)
    data = {"kind": "text", "path": "other.txt", "length": 8, "batch_size": 4}
    job = compile_recipe(of_tree({"data": data, "model": {**GRU, "init_from": str(run)}}), tmp_path)
    before, now = task_of(run).vocabulary, job.data.task.vocabulary
    for name in ("embedding.weight", "head.weight", "head.bias"):
        for token in set(before) & set(now):
            row = job.model.state_dict()[name][now.index(token)]
            assert torch.equal(row, saved(run)[name][before.index(token)])


def test_words_know_nothing_of_characters(tmp_path, monkeypatch):
    run = text_run(tmp_path, monkeypatch, GRU, STORY.replace(" a ", " one "))
    (tmp_path / "reviews.csv").write_text(REVIEWS)
    data = {"kind": "text", "path": "reviews.csv", "target": "opinion", "batch_size": 4}
    tree = {"data": data, "model": {**GRU, "init_from": str(run)}}
    with pytest.raises(CompileError, match="knows none of these tokens") as caught:
        compile_recipe(of_tree(tree), tmp_path)
    assert caught.value.hint == "cut both texts into the same tokens: data.tokens: char, or word"


def test_other_classes_of_the_same_number_get_a_new_head(tmp_path, monkeypatch):
    mlp_of = {"kind": "mlp", "hidden": [5]}
    (tmp_path / "a.csv").write_text("x,y\n" + "1,left\n2,right\n" * 20)
    (tmp_path / "b.csv").write_text("x,y\n" + "1,up\n2,down\n" * 20)
    data = {"kind": "csv", "target": "y", "batch_size": 4}
    run = kept_run(tmp_path, monkeypatch, {"data": {**data, "path": "a.csv"}, "model": mlp_of})
    model = {**mlp_of, "init_from": str(run)}
    other = compile_recipe(of_tree({"data": {**data, "path": "b.csv"}, "model": model}), tmp_path)
    same = compile_recipe(of_tree({"data": {**data, "path": "a.csv"}, "model": model}), tmp_path)
    new = other.model.get_parameter("head.weight"), same.model.get_parameter("head.weight")
    assert [torch.equal(weight, saved(run)["head.weight"]) for weight in new] == [False, True]
