"""The folder in resources/demo: complete, small, one dtype, and it does what a sentence says."""

import json

import pytest
import torch

from splitreel.demo.clips import Frame
from splitreel.demo.evaluate import FOLDER, load, make_clips
from splitreel.demo.model import LARGEST_FOLDER_BYTES
from splitreel.demo.recognizer import recognize


def test_folder_is_complete_and_small() -> None:
    index = json.loads((FOLDER / "model_index.json").read_text("utf-8"))
    parts = [name for name, value in index.items() if isinstance(value, list)]
    assert sorted(parts) == ["scheduler", "text_encoder", "tokenizer", "transformer", "vae"]
    assert all((FOLDER / part).is_dir() for part in parts)
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < LARGEST_FOLDER_BYTES


def test_text_lengths_agree_and_heads_divide() -> None:
    transformer = json.loads((FOLDER / "transformer" / "config.json").read_text("utf-8"))
    tokenizer = json.loads((FOLDER / "tokenizer" / "tokenizer_config.json").read_text("utf-8"))
    assert transformer["max_text_seq_length"] == tokenizer["model_max_length"]
    assert transformer["num_attention_heads"] == 12
    assert transformer["use_rotary_positional_embeddings"]


def test_catalog_entry_names_only_what_the_model_can_do() -> None:
    entry = json.loads((FOLDER / "splitreel.json").read_text("utf-8"))
    assert entry["name"]
    assert len(entry["examples"]) >= 6
    assert entry["defaults"]["numFrames"] % 8 == 1


@pytest.mark.slow
def test_the_demo_video_matches_its_sentence() -> None:
    pipeline = load(FOLDER, torch.device("cpu"))
    prompt = "a red ball rolls to the right on a blue background"
    defaults = json.loads((FOLDER / "splitreel.json").read_text("utf-8"))["defaults"]
    frame = Frame(defaults["numFrames"], defaults["height"], defaults["width"])
    clip = make_clips(
        pipeline,
        [prompt],
        frame,
        defaults["numInferenceSteps"],
        defaults["guidanceScale"],
        defaults["useDynamicCfg"],
        1,
    )[0]
    seen = recognize(clip)
    assert (seen.color, seen.background, seen.motion) == ("red", "blue", "right")
