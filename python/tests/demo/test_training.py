"""The training code runs whole at toy size: loss falls, checkpoints come back, what is written loads in diffusers."""

import math
from pathlib import Path

import pytest
import torch

from splitreel.demo.checkpoint import PART_BYTES, load_parts, save_parts
from splitreel.demo.clips import Frame, draw
from splitreel.demo.optimizer import Muon, orthogonalize
from splitreel.demo.training_step import sample_timesteps
from splitreel.demo.vae import new_vae, vae_loss


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((3, 16, 16), (2, 48, 16), (2, 16, 48)):
        values = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_muon_descends() -> None:
    torch.manual_seed(0)
    goal = torch.randn(8, 8)
    weight = torch.nn.Parameter(torch.zeros(8, 8))
    muon = Muon([weight], torch.tensor(0.15), 0.0)
    losses = []
    for _ in range(60):
        loss = ((weight - goal) ** 2).mean()
        weight.grad = None
        torch.autograd.backward(loss)
        muon.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_checkpoint_parts_come_back_whole(tmp_path: Path) -> None:
    tensors = {f"t{i}": torch.randn(1_500_000) for i in range(4)}
    save_parts(tensors, tmp_path, "weights")
    files = list(tmp_path.glob("weights-*.safetensors"))
    assert len(files) == 2
    assert all(path.stat().st_size < PART_BYTES + 1000 for path in files)
    back = load_parts(tmp_path, "weights")
    assert all(torch.equal(back[key], tensors[key]) for key in tensors)


def test_timesteps_favor_noise_and_stay_in_range() -> None:
    torch.manual_seed(0)
    t = sample_timesteps(4000, torch.device("cpu"))
    assert t.min() >= 0
    assert t.max() == 999
    assert 0.25 < (t >= 900).float().mean() < 0.45


def test_vae_loss_has_gradients_everywhere() -> None:
    torch.manual_seed(0)
    vae = new_vae()
    clip = draw(torch.tensor([[0, 0, 1, 0, 2]]), Frame(9, 32, 32), torch.Generator().manual_seed(0))
    loss, error = vae_loss(vae, clip)
    torch.autograd.backward(loss)
    assert math.isfinite(loss.item())
    assert error.item() > 0
    assert all(p.grad is not None for p in vae.parameters())


@pytest.mark.slow
def test_train_command_writes_a_folder_that_diffusers_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from splitreel.demo import train
    from splitreel.demo.evaluate import FOLDER, load

    new_vae().save_pretrained(tmp_path / "vae")
    flags = f"train --tokenizer {FOLDER / 'tokenizer'} --vae {tmp_path / 'vae'} --out {tmp_path / 'out'} --seconds 1 --scenes 40"
    flags += (
        " --text-seconds 0 --bank-seconds 0 --batch-tokens 300 --layers 1 --buckets 2 --eval-seconds -1 --device cpu"
    )
    monkeypatch.setattr("sys.argv", flags.split())
    train.main()
    pipeline = load(tmp_path / "out" / "model", torch.device("cpu"))
    assert pipeline.transformer.config.max_text_seq_length == pipeline.tokenizer.model_max_length
    monkeypatch.setattr("sys.argv", [*flags.split(), "--resume", str(tmp_path / "out" / "checkpoint")])
    train.main()
