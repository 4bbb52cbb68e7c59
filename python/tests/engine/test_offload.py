"""Offloading on the CPU: both devices are the host, and offloaded weights have no values."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from splitreel.contract.types import Offload, Plan
from splitreel.engine.api import EngineJob, EngineReport, LoadOptions, VideoJob
from splitreel.engine.engine import Engine
from splitreel.engine.offload import OffloadConfig, OffloadedWeights, TransferStats
from splitreel.models.cogvideox.random_model import make_model
from splitreel.models.tensor_files import TensorFile, open_safetensors
from tests.engine.world import RecordingHooks, RunRequest, Worlds

GB = 1_000_000_000


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("models")
    for kind in ("t2v-5b", "i2v-5b"):
        make_model(kind, root / kind)
    Image.effect_mandelbrot((48, 32), (-2, -1.5, 1, 1.5), 20).convert("RGB").save(root / "picture.png")
    return root


@dataclass(frozen=True)
class FixedBudget:
    device: int | None
    host: int = 100 * GB

    def device_bytes(self) -> int | None:
        return self.device

    def host_bytes(self) -> int:
        return self.host


def engine(memory_budget: FixedBudget | None = None) -> Engine:
    return Engine(rank=0, world_size=1, device=torch.device("cpu"), memory_budget=memory_budget)


def job(
    models: Path,
    *,
    image: bool = False,
    previews: frozenset[int] = frozenset(),
    prompt: str = "a small dog running",
) -> EngineJob:
    video = VideoJob(prompt, "", 42, models / "picture.png" if image else None)
    return EngineJob(48, 32, 9, 2, videos=(video,), preview_steps=previews)


def run(engine: Engine, asked: EngineJob) -> tuple[torch.Tensor, EngineReport]:
    hooks = RecordingHooks()
    report = engine.generate(asked, Plan(), hooks)
    assert report.outcomes[0].error is None, report.outcomes[0].error
    assert len(hooks.frames) == 9
    return hooks.final[0], report


def load(engine: Engine, folder: Path, offload: Offload) -> None:
    engine.load(folder, Plan(), LoadOptions(offload=offload), RecordingHooks())


def sizes(engine: Engine) -> dict[str, int]:
    components = engine.loaded.model.components

    def size(module: torch.nn.Module) -> int:
        unique = {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]}
        return sum(tensor.nbytes for tensor in unique.values())

    return {
        "text": size(components.text_encoder),
        "transformer": size(components.transformer),
        "block": size(components.transformer_blocks[0]),
        "blocks": sum(size(block) for block in components.transformer_blocks),
        "vae": size(components.vae),
    }


@pytest.mark.parametrize("kind", ["t2v-5b", "i2v-5b"])
@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.SEQUENTIAL])
def test_the_video_is_the_same_and_the_device_holds_no_more_than_allowed(
    kind: str, offload: Offload, models: Path
) -> None:
    plain = engine()
    load(plain, models / kind, Offload.NONE)
    asked = job(models, image=kind.startswith("i2v"))
    expected, _ = run(plain, asked)
    offloaded = engine()
    load(offloaded, models / kind, offload)
    stats, held = offloaded.loaded.placement.stats, sizes(offloaded)
    assert stats.device_bytes == 0, "all weights are offloaded"
    for _ in range(2):
        found, report = run(offloaded, asked)
        assert torch.equal(found, expected)
        assert report.text_encoder == "offloaded"
        assert stats.device_bytes == 0
    assert stats.onloads == stats.offloads
    if offload is Offload.MODEL:
        assert stats.peak_device_bytes == max(held["text"], held["transformer"], held["vae"])
        encodes_image = asked.videos[0].image is not None
        expected_onloads = 1 + 2 * (2 + encodes_image)
        assert stats.onloads == expected_onloads, "the text encoder once for its prompt, the others for each video"
    else:
        outside = held["transformer"] - held["blocks"]
        assert stats.peak_device_bytes <= max(outside + 2 * held["block"], held["vae"])
        assert stats.peak_device_bytes < held["transformer"]


def test_a_preview_onloads_the_vae_briefly(models: Path) -> None:
    offloaded = engine()
    load(offloaded, models / "t2v-5b", Offload.MODEL)
    run(offloaded, job(models, previews=frozenset({1})))
    held = sizes(offloaded)
    assert offloaded.loaded.placement.stats.peak_device_bytes == held["transformer"] + held["vae"]
    assert offloaded.loaded.placement.stats.device_bytes == 0


def test_offloaded_weights_cannot_be_used(models: Path) -> None:
    offloaded = engine()
    load(offloaded, models / "t2v-5b", Offload.MODEL)
    run(offloaded, job(models))
    components: Any = offloaded.loaded.model.components
    uses: list[Callable[[], object]] = [
        lambda: components.text_encoder(torch.zeros(1, 4, dtype=torch.long)).last_hidden_state.sum().item(),
        lambda: components.vae.decode(torch.zeros(1, 4, 3, 4, 6)),
        lambda: components.transformer(
            torch.zeros(1, 3, 4, 4, 6), torch.zeros(1, 18, 32), torch.zeros(1), return_dict=False
        ),
    ]
    for use in uses:
        with torch.no_grad(), pytest.raises(RuntimeError):
            use()


def test_a_failure_offloads_everything(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offloaded = engine()
    load(offloaded, models / "t2v-5b", Offload.SEQUENTIAL)
    last: Any = offloaded.loaded.model.components.transformer_blocks[-1]
    with monkeypatch.context() as patch:

        def exhausted(*_: object, **__: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        patch.setattr(last.ff, "forward", exhausted)
        report = offloaded.generate(job(models), Plan(), RecordingHooks())
    outcome = report.outcomes[0]
    assert outcome.error is not None
    assert outcome.error.code == "GPU_OOM"
    assert (outcome.error.params["rank"], outcome.error.params["stage"]) == (0, "denoising")
    assert "would fit" in outcome.error.action or "No smaller" in outcome.error.action
    assert offloaded.loaded.placement.stats.device_bytes == 0
    run(offloaded, job(models))


@pytest.mark.parametrize(
    ("device", "host", "policy"), [(None, 0, "kept"), (GB // 2, 9 * GB, "offloaded"), (GB // 2, 0, "freed")]
)
def test_the_text_encoders_policy_depends_on_what_fits(
    device: int | None, host: int, policy: str, models: Path
) -> None:
    plain = engine()
    load(plain, models / "t2v-5b", Offload.NONE)
    expected, _ = run(plain, job(models))
    read: list[str] = []

    def open_tensors(file: Path) -> AbstractContextManager[TensorFile]:
        if file.parent.name not in read[-1:]:
            read.append(file.parent.name)
        return open_safetensors(file)

    crowded = Engine(
        rank=0,
        world_size=1,
        device=torch.device("cpu"),
        memory_budget=FixedBudget(device, host),
        open_tensors=open_tensors,
    )
    load(crowded, models / "t2v-5b", Offload.NONE)
    assert read == ["text_encoder", "transformer", "vae"]
    for _ in range(2):
        found, report = run(crowded, job(models))
        assert report.text_encoder == policy
        assert torch.equal(found, expected)
        is_onloaded = not next(crowded.loaded.model.components.text_encoder.parameters()).is_meta
        assert is_onloaded == (policy == "kept")
    assert read[3:] == [], "the embeddings were there"
    run(crowded, job(models, prompt="a cat"))
    assert read[3:] == (["text_encoder"] if policy == "freed" else []), "another prompt reads it again if it was freed"


def test_the_text_encoder_is_offloaded_for_a_larger_video_with_a_cached_prompt(models: Path) -> None:
    budget = FixedBudget(None)
    growing = engine(budget)
    load(growing, models / "t2v-5b", Offload.NONE)
    text_encoder = growing.loaded.model.components.text_encoder
    assert run(growing, job(models))[1].text_encoder == "kept"
    assert not next(text_encoder.parameters()).is_meta
    # No more than the process holds already.
    object.__setattr__(budget, "device", 0)
    assert run(growing, job(models))[1].text_encoder == "offloaded"
    assert next(text_encoder.parameters()).is_meta
    object.__setattr__(budget, "device", None)
    assert run(growing, job(models))[1].text_encoder == "offloaded", "nothing needs it, so nothing brings it back"


_EXPECTED: dict[str, np.ndarray] = {}


@pytest.mark.parametrize(
    ("plan", "offload"),
    [
        (plan, offload)
        for plan in (Plan(ulysses=2), Plan(cfg=2), Plan(pp=2), Plan(tp=2))
        for offload in (Offload.MODEL, Offload.SEQUENTIAL)
        # One of the rules in both languages: offload_with_split.
        if not (plan.tp > 1 and offload is Offload.SEQUENTIAL)
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["t2v-5b", pytest.param("i2v-5b", marks=pytest.mark.thorough)])
def test_offload_composes_with_splits(kind: str, plan: Plan, offload: Offload, models: Path, world: Worlds) -> None:
    asked = replace(job(models, image=kind.startswith("i2v")), warmup_steps=2)
    if kind not in _EXPECTED:
        _EXPECTED[kind] = world.run(RunRequest(models / kind, Plan(), asked))[0].latents[0]
    found = world.run(RunRequest(models / kind, plan, asked, options=LoadOptions(offload=offload)))[0].latents[0]
    assert abs(found - _EXPECTED[kind]).max() < 1e-4


def test_weights_that_layers_share_are_moved_once() -> None:
    first, second = torch.nn.Linear(8, 8, bias=False), torch.nn.Linear(8, 8, bias=False)
    second.weight = first.weight
    stats = TransferStats()
    cpu = torch.device("cpu")
    weights = OffloadedWeights(
        [first, second], OffloadConfig(cpu, cpu, pin_memory=False, stats=stats), is_onloaded=False
    )
    assert weights.nbytes == 8 * 8 * 4
    assert first.weight.is_meta
    weights.onload()
    assert first.weight is second.weight
    assert stats.device_bytes == weights.nbytes
