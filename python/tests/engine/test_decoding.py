"""What a rank holds while it decodes tiles, in bytes of live tensors."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKLCogVideoX

from splitreel.models.cogvideox.decoder import ParallelDecoder
from splitreel.models.cogvideox.random_model import make_model
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import Group
from tests.engine.live_bytes import LiveBytes


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> AutoencoderKLCogVideoX:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    make_model("t2v-2b", folder)
    model = AutoencoderKLCogVideoX.from_pretrained(folder / "vae")
    model.enable_tiling()
    return model


LATENTS = (1, 5, 4, 16, 20)  # 17 frames of 128 x 160: twenty tiles


def nothing() -> None:
    """Progress is tested elsewhere."""


@torch.no_grad()
def test_one_rank_holds_no_more_than_diffusers_tiled_decode(vae: AutoencoderKLCogVideoX) -> None:
    latents = torch.randn(LATENTS)
    weights = [*vae.parameters(), *vae.buffers(), latents]
    plain = LiveBytes()
    plain.ignore(weights)
    with plain:
        expected = vae.decode(latents.permute(0, 2, 1, 3, 4) / vae.config.scaling_factor).sample
    ours = LiveBytes()
    ours.ignore(weights)
    with ours:
        shared = ParallelDecoder(vae, latents, Group((0,), 0, None), Traffic())
        for round_ in range(shared.rounds):
            shared.decode(round_, nothing)
            shared.collect(round_, nothing)
        frames = sum(len(part) for part in shared.frames())
    assert shared.units == 20 * 2
    assert frames == expected.shape[2]
    assert ours.peak <= 1.05 * plain.peak


@torch.no_grad()
def test_a_rank_that_does_not_write_frees_each_tile(
    vae: AutoencoderKLCogVideoX, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends its tiles to the writer one by one and never holds the whole clip."""
    sent: list[int] = []

    class Work:
        def wait(self) -> None:
            """Gone."""

    def exchange(parts: list[tuple[int, torch.Tensor]], *_: object) -> list[Work]:
        assert all(place == 0 for place, _ in parts)
        sent.extend(part.numel() * part.element_size() for _, part in parts)
        return [Work()]

    monkeypatch.setattr("splitreel.models.cogvideox.decoder.exchange", exchange)
    monkeypatch.setattr("splitreel.models.cogvideox.decoder.connect", lambda *_: None)
    live = LiveBytes()
    latents = torch.randn(LATENTS)
    live.ignore([*vae.parameters(), *vae.buffers(), latents])
    with live:
        shared = ParallelDecoder(vae, latents, Group((0, 1), 1, None), Traffic())
        before = live.now
        for round_ in range(shared.rounds):
            shared.decode(round_, nothing)
            shared.collect(round_, nothing)
            assert live.now == before, "neither tiles nor convolution caches stay"
    whole_clip = 17 * 128 * 160 * 3 * 4
    assert len(sent) == 8, "tiles are assigned by area"
    assert max(sent) < whole_clip / 8
