"""The training set: scenes with their labels and several tokenized sentences each.

Worker processes write all sentences before training starts, so training never waits for Python.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor

from splitreel.demo.captions import Caption, Scene, describe, empty_caption, sample_scene
from splitreel.demo.tokenizer import PAD_ID, TEXT_LENGTH

SILENT_SHARE = 0.13
"""The share of empty sentences, which classifier-free guidance compares with."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """S scenes with K sentences of L tokens and A attributes."""

    labels_SA: Tensor  # noqa: N815 - the axes, as everywhere
    ids_SKL: Tensor  # noqa: N815 - the axes, as everywhere
    said_SKA: Tensor  # noqa: N815 - the axes, as everywhere

    def to(self, device: torch.device) -> Corpus:
        return Corpus(self.labels_SA.to(device), self.ids_SKL.to(device), self.said_SKA.to(device))


HARD_SHARE = 0.25
"""The share of scenes that are resampled until they show what is learned last: a star, or any spin."""


def _scene(random: Random) -> Scene:
    scene = sample_scene(random)
    if random.random() < HARD_SHARE:
        while scene.shape != "star" and scene.motion != "spin":
            scene = sample_scene(random)
    return scene


def _write(job: tuple[int, int, int, str]) -> tuple[Tensor, Tensor, Tensor]:
    seed, scenes, wordings, tokenizer_file = job
    random = Random(seed)
    tokenizer = Tokenizer.from_file(tokenizer_file)
    tokenizer.enable_truncation(TEXT_LENGTH)
    tokenizer.enable_padding(pad_id=PAD_ID, length=TEXT_LENGTH)
    drawn = [_scene(random) for _ in range(scenes)]
    captions: list[Caption] = [
        empty_caption(random) if random.random() < SILENT_SHARE else describe(scene, random)
        for scene in drawn
        for _ in range(wordings)
    ]
    ids = torch.tensor([line.ids for line in tokenizer.encode_batch([c.text for c in captions])], dtype=torch.int16)
    said = torch.tensor([c.labels for c in captions], dtype=torch.int16)
    labels = torch.tensor([scene.labels() for scene in drawn], dtype=torch.int16)
    return labels, ids.view(scenes, wordings, -1), said.view(scenes, wordings, -1)


def build_corpus(tokenizer_file: Path, scenes: int, wordings: int, processes: int, seed: int = 0) -> Corpus:
    part = 2000
    jobs = [
        (seed * 1_000_003 + i, min(part, scenes - i * part), wordings, str(tokenizer_file))
        for i in range(-(-scenes // part))
    ]
    if processes <= 1:
        written = [_write(job) for job in jobs]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            written = list(pool.map(_write, jobs))
    labels, ids, said = (torch.cat(column) for column in zip(*written, strict=True))
    return Corpus(labels, ids, said)
