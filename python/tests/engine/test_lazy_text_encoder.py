"""The text encoder is only read for prompts that some rank has no embeddings of, and counts as loading then."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Offload, Plan, Stage
from splitreel.engine.api import EngineJob, EngineReport, LoadOptions, LoadReport, VideoJob
from splitreel.engine.engine import Engine
from splitreel.models.cogvideox.random_model import make_model
from splitreel.models.tensor_files import TensorFile, open_safetensors
from tests.engine.matrix import GUIDED
from tests.engine.world import RecordingHooks, RunRequest, Worlds


def job(*prompts: str) -> EngineJob:
    return EngineJob(48, 32, 9, 2, videos=tuple(VideoJob(prompt, "", 1) for prompt in prompts))


class WatchedEngine:
    """One rank, and which components it reads from the disk."""

    def __init__(self, prompt_folder: Path | None) -> None:
        self.read: list[str] = []
        self.hooks = RecordingHooks()

        def open_tensors(file: Path) -> AbstractContextManager[TensorFile]:
            if file.parent.name not in self.read[-1:]:
                self.read.append(file.parent.name)
            return open_safetensors(file)

        self.engine = Engine(
            rank=0, world_size=1, device=torch.device("cpu"), prompt_folder=prompt_folder, open_tensors=open_tensors
        )

    def load(self, model: Path, work: EngineJob, offload: Offload = Offload.NONE) -> LoadReport:
        self.read.clear()
        self.hooks = RecordingHooks()
        return self.engine.load(model, Plan(), LoadOptions(offload=offload), self.hooks, work)

    def make(self, work: EngineJob) -> tuple[list[torch.Tensor], EngineReport]:
        report = self.engine.generate(work, Plan(), self.hooks)
        assert [outcome.error for outcome in report.outcomes] == [None] * len(work.videos)
        return self.hooks.final, report


def restarted(
    model: Path, prompt_folder: Path, work: EngineJob, offload: Offload = Offload.NONE
) -> tuple[list[torch.Tensor], WatchedEngine]:
    """The latents of `work`, and an engine that has loaded the model for it with its embeddings on disk."""
    first = WatchedEngine(prompt_folder)
    first.load(model, work)
    latents, _ = first.make(work)
    again = WatchedEngine(prompt_folder)
    again.load(model, work, offload)
    return latents, again


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path / "model"
    make_model("t2v-2b", folder)
    return folder


def size_of(model: Path, component: str) -> int:
    return sum(file.stat().st_size for file in (model / component).glob("*.safetensors"))


@pytest.mark.parametrize("offload", list(Offload))
def test_after_a_restart_known_prompts_need_no_text_encoder(offload: Offload, model: Path, tmp_path: Path) -> None:
    work, other = job("a dog", "a cat"), job("a dog", "a bird")
    first = WatchedEngine(tmp_path / "prompts")
    first.load(model, work, offload)
    expected, report = first.make(work)
    first.load(model, other, offload)
    expected_other, _ = first.make(other)

    again = WatchedEngine(tmp_path / "prompts")
    load = again.load(model, work, offload)
    assert again.read == ["transformer", "vae"]
    total = size_of(model, "transformer") + size_of(model, "vae")
    assert ("0 loading of", total) in again.hooks.events
    assert load.bytes_read < total
    found, report = again.make(work)
    assert again.read == ["transformer", "vae"]
    assert report.text_encoder == "freed"
    assert all(map(torch.equal, found, expected))

    unknown = job("a bird", "a fish")
    load = again.load(model, unknown, offload)
    assert load.reused
    assert 0 < load.bytes_read < size_of(model, "text_encoder")
    assert again.read == ["text_encoder"]
    events = [event for event in again.hooks.events if event[0].startswith("0 loading")]
    assert events[0] == ("0 loading of", size_of(model, "text_encoder"))
    assert events[-2:] == [("0 loading", load.bytes_read), ("0 loading finished", 0)]
    found, report = again.make(unknown)
    assert torch.equal(found[0], expected_other[1])
    assert report.text_encoder == ("kept" if offload is Offload.NONE else "offloaded")
    assert again.load(model, job("a tree"), offload).bytes_read == 0


@pytest.mark.parametrize("offload", list(Offload))
def test_embeddings_that_vanish_after_loading_are_encoded_again(offload: Offload, model: Path, tmp_path: Path) -> None:
    work = job("a dog")
    expected, again = restarted(model, tmp_path / "prompts", work, offload)
    again.engine._context.prompts._entries.clear()
    for file in (tmp_path / "prompts").iterdir():
        file.unlink()
    found, _ = again.make(work)
    assert again.read[-1] == "text_encoder"
    assert torch.equal(found[0], expected[0])


def test_a_model_whose_files_changed_is_read_whole(model: Path, tmp_path: Path) -> None:
    _, again = restarted(model, tmp_path / "prompts", job("a dog"))
    os.utime(next((model / "text_encoder").glob("*.safetensors")), ns=(1, 1))
    load = again.load(model, job("a cat"))
    assert not load.reused
    assert again.read == ["text_encoder", "transformer", "vae"]


@pytest.mark.parametrize("offload", list(Offload))
def test_a_cancel_while_the_text_encoder_is_read_leaves_nothing_of_it(
    offload: Offload, model: Path, tmp_path: Path
) -> None:
    from splitreel.contract.errors import Canceled

    _, again = restarted(model, tmp_path / "prompts", job("a dog"), offload)
    hooks = RecordingHooks(cancel_at=(Stage.LOADING, 5))
    with pytest.raises(Canceled):
        again.engine.load(model, Plan(), LoadOptions(offload=offload), hooks, job("a cat"))
    parameters = list(again.engine.loaded.model.components.text_encoder.parameters())
    assert [parameter.device.type for parameter in parameters] == ["meta"] * len(parameters)
    load = again.load(model, job("a cat"), offload)
    assert again.read == ["text_encoder"]
    assert ("0 loading of", size_of(model, "text_encoder")) in again.hooks.events
    assert load.reused
    again.make(job("a cat"))


@pytest.mark.parametrize("plan", [Plan(cfg=2), Plan(tp=2), Plan(pp=2), Plan(ulysses=2)], ids=str)
def test_ranks_agree_although_one_of_them_knows_the_prompt(
    plan: Plan, model_of: Callable[[str], Path], world: Worlds
) -> None:
    # Only the first rank takes part, so only that one keeps the embeddings.
    work = replace(GUIDED, num_inference_steps=2, warmup_steps=2, videos=(VideoJob(f"a dog {plan.key}", "", 1),))
    model = model_of("t2v-2b")
    alone = world.run(RunRequest(model, Plan(), work))[0]
    options = LoadOptions(offload=Offload.MODEL)
    read = world.run(RunRequest(model, plan, work, options=options))[:2]
    assert all(abs(alone.latents[0] - read[0].latents[0]).max() < 1e-4 for _ in read)
    # Now both know it, and another option has them read their weights again.
    known = world.run(RunRequest(model, plan, work))[:2]
    assert [result.load.bytes_read < before.load.bytes_read for result, before in zip(known, read, strict=True)] == [
        True,
        True,
    ]
    assert (known[0].latents[0] == read[0].latents[0]).all()
