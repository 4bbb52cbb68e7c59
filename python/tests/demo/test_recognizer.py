"""The recognizer is right on drawn clips, and can fail: on other scenes' clips it scores what chance gives."""

import pytest
import torch

from splitreel.demo.captions import Scene, held_out_captions
from splitreel.demo.clips import Frame, draw, label_tensor
from splitreel.demo.recognizer import recognize, score


@pytest.mark.parametrize("frame", [Frame(9, 64, 96), Frame(17, 96, 128)])
def test_drawn_clips_are_recognized(frame: Frame) -> None:
    scenes = [scene for scene, _ in held_out_captions(24)]
    clips = (draw(label_tensor(scenes), frame, torch.Generator().manual_seed(1)) + 1) / 2
    seen = [recognize(clip.transpose(0, 1)) for clip in clips]
    assert score(seen, scenes).all == 1.0
    turned_round = score(seen, scenes[::-1])
    assert turned_round.all < 0.2
    assert turned_round.color < 0.5


def test_an_empty_clip_shows_no_object() -> None:
    clip = torch.full((9, 3, 64, 96), 0.97)
    seen = recognize(clip)
    assert (seen.background, seen.color, seen.shape, seen.motion) == ("white", None, None, None)


def test_an_object_without_a_clear_shape_is_not_a_star() -> None:
    scene = Scene("star", "right", "large", "red", "white")
    clip = (draw(label_tensor([scene]), Frame(9, 64, 96), torch.Generator().manual_seed(1))[0].transpose(0, 1) + 1) / 2
    clip[:, :, 20:22] = torch.tensor([0.9, 0.1, 0.1])[None, :, None, None]  # a bar through the whole frame
    seen = recognize(clip)
    assert seen.shape != "star"
    assert seen.color == "red"
