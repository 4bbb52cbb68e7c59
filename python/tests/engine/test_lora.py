"""LoRAs: every plan makes what plain diffusers makes with the same files and strengths."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Lora, Plan
from splitreel.engine.api import EngineJob, LoadOptions
from splitreel.models.lora import open_loras
from splitreel.parallel.spans import Span
from splitreel.parallel.tensor import WeightSlice
from splitreel.store import lora as store_lora
from splitreel.store.lora import check_lora, hash_lora
from tests.engine.lora_files import factors, lora, save_by_diffusers, save_by_peft
from tests.engine.matrix import GUIDED, TOLERANCE, plain_diffusers, relative, synchronous
from tests.engine.world import RunRequest, World

KIND = "t2v-2b"
CPU = torch.device("cpu")
PLANS = [Plan(), Plan(cfg=2, ulysses=3), Plan(tp=2), Plan(tp=3), Plan(pp=2, ring=2), Plan(cfg=2, pp=2, tp=2)]


@pytest.fixture(scope="module")
def loras(model_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Lora, Lora]:
    """Two with different ranks and scales, one of them rank-stabilized."""
    root, model = tmp_path_factory.mktemp("loras"), model_of(KIND)
    first = save_by_diffusers(root / "first", model, 1)
    second = save_by_diffusers(root / "second", model, 2, r=3, lora_alpha=6, use_rslora=True)
    return lora(first, 0.7), lora(second, -0.4)


@pytest.fixture(scope="module")
def asked(loras: tuple[Lora, Lora]) -> EngineJob:
    return replace(synchronous(GUIDED), loras=loras)


@pytest.fixture(scope="module")
def reference(asked: EngineJob, model_of: Callable[[str], Path]) -> np.ndarray:
    torch.set_num_threads(1)
    return plain_diffusers(model_of(KIND), asked)


def latents(world: World, model: Path, plan: Plan, job: EngineJob) -> np.ndarray:
    results = world.run(RunRequest(model, plan, job, options=LoadOptions(loras=job.loras)))
    (found,) = [made for result in results for made in result.latents]
    return found


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key or "one")
def test_every_plan_is_plain_diffusers_with_the_same_loras(
    plan: Plan, asked: EngineJob, reference: np.ndarray, model_of: Callable[[str], Path], world: World
) -> None:
    assert relative(latents(world, model_of(KIND), plan, asked), reference) <= TOLERANCE


def test_a_lora_changes_the_video_and_its_strength_matters(
    asked: EngineJob, reference: np.ndarray, model_of: Callable[[str], Path], world: World
) -> None:
    """Checks the measure itself: a video with an ignored LoRA must be far from one with it."""
    weaker = replace(asked, loras=(replace(asked.loras[0], strength=0.6), asked.loras[1]))
    for other in (replace(asked, loras=()), replace(asked, loras=asked.loras[:1]), weaker):
        assert relative(latents(world, model_of(KIND), Plan(), other), reference) > 100 * TOLERANCE


def test_another_strength_reads_the_weights_again(
    asked: EngineJob, model_of: Callable[[str], Path], world: World
) -> None:
    options = [LoadOptions(loras=asked.loras), LoadOptions(loras=asked.loras), LoadOptions()]
    runs = [world.run(RunRequest(model_of(KIND), Plan(), asked, options=each))[0] for each in options]
    assert [run.load.reused for run in runs[1:]] == [True, False]


def test_pefts_own_layout_gives_the_same_lora(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    """Without a config the scale is 1, as in diffusers."""
    model = model_of(KIND)
    state, _ = factors(model, 3)
    name = "transformer_blocks.0.attn1.to_q"
    weight = torch.zeros(state[f"{name}.lora_B.weight"].shape[0], state[f"{name}.lora_A.weight"].shape[1])
    expected = 0.5 * state[f"{name}.lora_B.weight"] @ state[f"{name}.lora_A.weight"]
    with open_loras([lora(save_by_peft(tmp_path / "a.safetensors", model, 3), 0.5)], model, CPU) as merger:
        assert torch.allclose(merger.merge("transformer", f"{name}.weight", weight, None), expected, atol=1e-6)
        untouched = merger.merge("vae", f"{name}.weight", weight, None)
    assert untouched is weight


def test_older_names_and_an_alpha_for_each_layer_are_read(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    model, name = model_of(KIND), "transformer_blocks.1.attn1.to_k"
    state, _ = factors(model, 4)
    up, down = state[f"{name}.lora_B.weight"], state[f"{name}.lora_A.weight"]
    file = tmp_path / "kohya.safetensors"
    tensors = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down, f"{name}.alpha": torch.tensor(8.0)}
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, file)
    with open_loras([lora(file, 1.0)], model, CPU) as merger:
        changed = merger.merge("transformer", f"{name}.weight", torch.zeros(up.shape[0], down.shape[1]), None)
    assert torch.allclose(changed, 8.0 / 4 * up @ down, atol=1e-6)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("layer", ["transformer_blocks.0.attn1.to_q", "patch_embed.proj"])
def test_a_slice_of_a_weight_gets_the_same_slice_of_the_lora(
    layer: str, dim: int, model_of: Callable[[str], Path], loras: tuple[Lora, Lora]
) -> None:
    model, name, part = model_of(KIND), f"{layer}.weight", WeightSlice(dim, Span(1, 3))
    with open_loras(loras, model, CPU) as merger:
        weight = load_file(model / "transformer" / "diffusion_pytorch_model.safetensors")[name]
        whole = merger.merge("transformer", name, weight, None)
        assert torch.allclose(merger.merge("transformer", name, weight[part.index], part), whole[part.index])
        assert not torch.allclose(whole, weight)


def refusal(file: Path, model: Path) -> str:
    with pytest.raises(SplitreelError) as caught:
        check_lora(file, model)
    assert caught.value.code == "LORA_UNUSABLE"
    return str(caught.value)


def rewritten(model: Path, folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
    """A good LoRA with one change."""
    state, _ = factors(model, 5)
    tensors = {f"transformer.{name}": tensor.contiguous() for name, tensor in state.items()}
    change(tensors)
    file = folder / "changed.safetensors"
    save_file(tensors, file)
    return file


LAYER = "transformer.transformer_blocks.0.attn1.to_q"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda state: state.clear(), "contains no LoRA"),
        (lambda state: state.pop(f"{LAYER}.lora_B.weight"), "only one of the two matrices"),
        (lambda state: state.update({f"{LAYER}.dora_scale": torch.ones(4)}), "n't part of a plain LoRA"),
        (lambda state: state.update({f"{LAYER}.lora_B.bias": torch.ones(4)}), "n't part of a plain LoRA"),
        (lambda state: state.update({"text_encoder.q.lora_A.weight": torch.ones(4, 4)}), "the text encoder"),
        (lambda state: state.update({f"{LAYER}.lora_A.weight": torch.ones(4, 7)}), "trained for another model"),
        (lambda state: state.update({f"{LAYER}.lora_A.weight": torch.ones(3, 7)}), "trained for another model"),
        (lambda state: state.update({f"{LAYER}.lora_A.weight": state[f"{LAYER}.lora_A.weight"].int()}), "as I32"),
        (lambda state: state.update({f"{LAYER}.alpha": torch.ones(2)}), "damaged LoRA config"),
        # Its scale would divide by zero.
        (
            lambda state: state.update(
                {
                    f"{LAYER}.lora_A.weight": state[f"{LAYER}.lora_A.weight"][:0],
                    f"{LAYER}.lora_B.weight": state[f"{LAYER}.lora_B.weight"][:, :0].contiguous(),
                    f"{LAYER}.alpha": torch.ones(()),
                }
            ),
            "trained for another model",
        ),
        (
            lambda state: state.update({f"{LAYER}.lora_A.default.weight": state[f"{LAYER}.lora_A.weight"].clone()}),
            "under two names",
        ),
        (
            lambda state: state.update(
                {
                    "transformer.blocks.9.q.lora_A.weight": torch.ones(2, 2),
                    "transformer.blocks.9.q.lora_B.weight": torch.ones(2, 2),
                }
            ),
            "blocks.9.q, which this model doesn't have",
        ),
    ],
)
def test_a_file_that_is_not_a_lora_for_this_model_is_refused_by_name(
    change: Callable[[dict[str, torch.Tensor]], object], sentence: str, model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    assert sentence in refusal(rewritten(model_of(KIND), tmp_path, change), model_of(KIND))


@pytest.mark.parametrize("config", ["[]", "{", '{"lora_alpha": "x"}', '{"alpha_pattern": 3}', '{"use_dora": true}'])
def test_a_damaged_config_is_refused(config: str, model_of: Callable[[str], Path], tmp_path: Path) -> None:
    file = save_by_peft(tmp_path / "a.safetensors", model_of(KIND), 1)
    save_file(load_file(file), file, metadata={"lora_adapter_metadata": config})
    assert refusal(file, model_of(KIND))


@pytest.mark.parametrize("content", [b"", b"\x80\x04.", b"\xff" * 64])
def test_a_file_that_is_no_safetensors_is_refused(
    content: bytes, model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(content)
    assert "a.safetensors" in refusal(file, model_of(KIND))


def test_numbers_that_are_not_finite_are_found_while_merging(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    """Otherwise the video's latents are NaN after the last step, and the model gets the blame."""
    model, name = model_of(KIND), f"{LAYER.removeprefix('transformer.')}.weight"
    file = rewritten(model, tmp_path, lambda state: state[f"{LAYER}.lora_A.weight"].fill_(float("nan")))
    weight = load_file(model / "transformer" / "diffusion_pytorch_model.safetensors")[name]
    with (
        open_loras([lora(file, 1.0)], model, CPU) as merger,
        pytest.raises(SplitreelError, match=r"aren't finite for transformer_blocks\.0\.attn1\.to_q") as caught,
    ):
        merger.merge("transformer", name, weight, None)
    assert caught.value.code == "LORA_UNUSABLE"


@pytest.mark.parametrize("alpha", [float("nan"), float("inf"), 1e38])
def test_an_alpha_that_is_no_sensible_number_is_refused(
    alpha: float, model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    file = rewritten(model_of(KIND), tmp_path, lambda state: state.update({f"{LAYER}.alpha": torch.tensor(alpha)}))
    with (
        pytest.raises(SplitreelError, match="damaged LoRA config"),
        open_loras([lora(file, 1.0)], model_of(KIND), CPU),
    ):
        pass


def test_a_path_that_is_not_text_is_refused(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    file = save_by_peft(tmp_path / "a.safetensors", model_of(KIND), 1)
    other = file.rename(tmp_path / os.fsdecode(b"caf\xe9.safetensors"))
    assert "aren't UTF-8" in refusal(other, model_of(KIND))


def test_a_file_that_is_not_a_lora_is_not_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be huge."""
    file = tmp_path / "huge.safetensors"
    file.write_bytes(bytes(64))
    monkeypatch.setattr(store_lora, "hash_file", lambda _: pytest.fail("hashed"))
    with pytest.raises(SplitreelError, match="its header is damaged"):
        hash_lora(file)


def test_a_pickle_is_refused(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    file = tmp_path / "pytorch_lora_weights.bin"
    file.write_bytes(b"\x80\x04.")
    assert "can run code" in refusal(file, model_of(KIND))


def test_a_missing_or_changed_file_is_reported(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    model = model_of(KIND)
    file = save_by_peft(tmp_path / "a.safetensors", model, 1)
    chosen = lora(file, 1.0)
    save_by_peft(file, model, 2)
    for expected in ("LORA_CHANGED", "LORA_MISSING"):
        with pytest.raises(SplitreelError) as caught, open_loras([chosen], model, CPU):
            pass
        assert caught.value.code == expected
        file.unlink(missing_ok=True)
