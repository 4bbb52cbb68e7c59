"""Prompts are embedded once: another seed needs no text encoder, and gives the video that it gives alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.engine.prompt_cache import PromptCache, PromptKey, text_encoder_signature
from splitreel.models.cogvideox.random_model import make_model
from splitreel.models.family import TextEmbeddings
from tests.engine.world import RecordingHooks

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    make_model("t2v-2b", folder)
    return folder


def run(engine: Engine, model: Path, prompt: str, seed: int, guidance_scale: float = 6.0) -> tuple[torch.Tensor, int]:
    """The final latents, and how many prompts were embedded."""
    hooks = RecordingHooks()
    engine.load(model, Plan(), LoadOptions(), hooks)
    videos = (VideoJob(prompt, "", seed),)
    engine.generate(EngineJob(48, 32, 9, 2, guidance_scale=guidance_scale, videos=videos), Plan(), hooks)
    return hooks.final[0], sum(count for name, count in hooks.events if name == "0 encoding")


def new_engine() -> Engine:
    return Engine(rank=0, world_size=1, device=CPU)


def test_another_seed_needs_no_text_encoder_and_gives_the_same_video(model: Path) -> None:
    engine = new_engine()
    assert run(engine, model, "a dog", 1)[1] == 2
    latents, encoded = run(engine, model, "a dog", 2)
    assert encoded == 0
    assert torch.equal(latents, run(new_engine(), model, "a dog", 2)[0])


def test_another_prompt_guidance_or_file_is_embedded_again(model: Path) -> None:
    engine = new_engine()
    run(engine, model, "a dog", 1)
    assert run(engine, model, "a cat", 1)[1] == 2
    assert run(engine, model, "a dog", 1, guidance_scale=1.0)[1] == 1
    engine.unload()
    assert run(engine, model, "a dog", 1)[1] == 0
    before = text_encoder_signature(model)
    os.utime(next((model / "text_encoder").iterdir()), ns=(1, 1))
    assert text_encoder_signature(model) != before
    engine.unload()
    assert run(engine, model, "a dog", 1)[1] == 2


def test_the_cache_is_bounded_and_hands_out_copies(tmp_path: Path) -> None:
    cache = PromptCache(max_bytes=100)
    keys = [PromptKey(tmp_path, (), torch.float32, name, None) for name in "abc"]
    for key in keys[:2]:
        cache.put(key, TextEmbeddings(torch.zeros(1, 1, 10), None))
    found = cache.get(keys[0], CPU)
    assert found is not None
    found.positive.add_(1)
    cache.put(keys[2], TextEmbeddings(torch.zeros(1, 1, 10), None))
    assert cache.get(keys[1], CPU) is None
    kept = cache.get(keys[0], CPU)
    assert kept is not None
    assert not kept.positive.any()
