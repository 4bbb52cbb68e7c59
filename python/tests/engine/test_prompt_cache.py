"""Prompts are embedded once: another seed needs no text encoder, and gives the video that it gives alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from splitreel.contract.types import Plan
from splitreel.engine.api import EngineJob, LoadOptions, Prompt, VideoJob
from splitreel.engine.engine import Engine
from splitreel.engine.prompt_cache import PromptCache, PromptKey, text_encoder_signature
from splitreel.engine.prompt_files import PromptFiles
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


def new_engine(prompt_folder: Path | None = None) -> Engine:
    return Engine(rank=0, world_size=1, device=CPU, prompt_folder=prompt_folder)


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
    keys = [PromptKey(tmp_path, (), "cpu", torch.float32, Prompt(name, None)) for name in "abc"]
    for key in keys[:2]:
        cache.put(key, TextEmbeddings(torch.zeros(1, 1, 10), None), to_disk=True)
    found = cache.get(keys[0], CPU)
    assert found is not None
    found.positive.add_(1)
    cache.put(keys[2], TextEmbeddings(torch.zeros(1, 1, 10), None), to_disk=True)
    assert cache.get(keys[1], CPU) is None
    kept = cache.get(keys[0], CPU)
    assert kept is not None
    assert not kept.positive.any()


def test_a_known_prompt_needs_no_text_encoder_after_a_restart(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    latents, encoded = run(new_engine(folder), model, "a secret dog", 1)
    assert encoded == 2
    again, encoded_again = run(new_engine(folder), model, "a secret dog", 1)
    assert encoded_again == 0
    assert torch.equal(again, latents)
    (file,) = folder.iterdir()
    assert b"secret" not in file.read_bytes()
    assert (file.stat().st_mode & 0o077, folder.stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: content[:40] + b"x" + content[41:]])
def test_a_damaged_file_is_removed_and_its_prompt_encoded_again(
    damage: Callable[[bytes], bytes], model: Path, tmp_path: Path
) -> None:
    expected, _ = run(new_engine(tmp_path), model, "a dog", 1)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    found, encoded = run(new_engine(tmp_path), model, "a dog", 1)
    assert encoded == 2
    assert torch.equal(found, expected)
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_only_costs_time(model: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert run(new_engine(blocked / "prompts"), model, "a dog", 1)[1] == 2


def test_files_of_the_least_recently_used_prompts_make_room(tmp_path: Path) -> None:
    text = TextEmbeddings(torch.zeros(1, 4, 100), torch.ones(1, 4, 100))
    PromptFiles(tmp_path).write("a", text)
    size = next(tmp_path.iterdir()).stat().st_size
    files = PromptFiles(tmp_path, max_bytes=2 * size)
    os.utime(next(tmp_path.iterdir()), ns=(1, 1))
    files.write("b", text)
    for path in tmp_path.iterdir():
        os.utime(path, ns=(path.stat().st_mtime_ns // 2, path.stat().st_mtime_ns // 2))
    assert files.read("a") is not None
    files.write("c", text)
    assert [files.read(name) is not None for name in "abc"] == [True, False, True]
