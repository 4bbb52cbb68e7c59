"""Scenes and the sentences that describe them. Pure and deterministic: the same random state gives the same scenes."""

from __future__ import annotations

import string
import zlib
from dataclasses import dataclass
from random import Random
from typing import Final

from splitreel.demo.words import (
    ADJECTIVES,
    ADVERBS,
    BACKGROUND_PHRASES,
    COLOR_NAMES,
    COLOR_WORDS,
    DIRECTIONS,
    ENDINGS,
    MOTION_PHRASES,
    MOTIONS,
    OPENINGS,
    OTHER_WORDS,
    SHAPE_WORDS,
    SHAPES,
    SIZE_WORDS,
    SIZES,
    TRAVEL_VERBS,
    Words,
)

ATTRIBUTES: Final = ("shape", "motion", "size", "color", "background")
UNSAID: Final = -100
"""The label of an attribute that a sentence leaves open. torch's cross entropy ignores this value."""
_MOTION_WEIGHTS: Final = tuple(
    4.0 if motion in ("right", "left", "up", "down") else 1.6 if motion in DIRECTIONS else 2.0 for motion in MOTIONS
)
_HELD_OUT_ONE_IN: Final = 16


@dataclass(frozen=True, slots=True)
class Scene:
    """One object on one background. Every field is a key of the tables in words.py."""

    shape: str
    motion: str
    size: str
    color: str
    background: str

    def labels(self) -> tuple[int, int, int, int, int]:
        """Indices in the order of ATTRIBUTES."""
        return (
            SHAPES.index(self.shape),
            MOTIONS.index(self.motion),
            SIZES.index(self.size),
            COLOR_NAMES.index(self.color),
            COLOR_NAMES.index(self.background),
        )


@dataclass(frozen=True, slots=True)
class Caption:
    text: str
    labels: tuple[int, int, int, int, int]
    """The scene's labels; UNSAID if the sentence leaves the attribute open."""


def is_held_out(scene: Scene) -> bool:
    """Whether this combination is held out of training. Scores use only these, which no wording has shown."""
    key = f"{scene.shape}/{scene.motion}/{scene.color}/{scene.background}"
    return zlib.crc32(key.encode()) % _HELD_OUT_ONE_IN == 0


def default_background(color: str) -> str:
    """The background if a sentence names none."""
    return "black" if color == "white" else "white"


def sample_scene(random: Random, held_out: bool = False) -> Scene:
    while True:
        color, background = random.sample(COLOR_NAMES, 2)
        scene = Scene(
            shape=random.choice(SHAPES),
            motion=random.choices(MOTIONS, _MOTION_WEIGHTS)[0],
            size=random.choice(SIZES),
            color=color,
            background=background,
        )
        if scene.motion == "spin" and scene.shape == "ball":
            continue  # nobody can see it
        if is_held_out(scene) == held_out:
            return scene


def _pick(words: Words, random: Random, usual: float = 0.6) -> str:
    return words.usual if not words.others or random.random() < usual else random.choice(words.others)


def _article(following: str) -> str:
    return "an" if following[0] in "aeiou" else "a"


def _letters(random: Random) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=random.randint(3, 8)))


def _motion_phrase(scene: Scene, random: Random) -> str:
    rolls = ("rolls", "rolls", "rolls") if scene.shape == "ball" else ()
    verb = random.choice(TRAVEL_VERBS + rolls)
    if scene.motion in ("right", "left"):
        side = scene.motion
        across = "left to right" if side == "right" else "right to left"
        forms = [f"{verb} to the {side}", f"{verb} to the {side}", f"{verb} {side}", f"{verb} from {across}"]
        forms += [f"moving {side}", f"moving to the {side}", f"{verb} toward the {side}"]
        return random.choice(forms + (["rolling to the " + side] if rolls else []))
    if " " in scene.motion:
        vertical, side = scene.motion.split()
        edge = "upper" if vertical == "up" else "lower"
        corner = "top" if vertical == "up" else "bottom"
        forms = [f"{verb} {vertical} and to the {side}", f"{verb} diagonally {vertical} and {side}"]
        forms += [f"{verb} to the {edge} {side}", f"{verb} to the {corner} {side}", f"moving {vertical} and {side}"]
        return random.choice(forms)
    return random.choice(MOTION_PHRASES[scene.motion])


def describe(scene: Scene, random: Random, plain: bool = False) -> Caption:
    """A sentence about the scene. `plain` leaves out openings, adjectives and unknown words."""
    labels = list(scene.labels())

    def chance(share: float) -> bool:
        return not plain and random.random() < share

    noun_words: list[str] = []
    if scene.size != "medium" or chance(0.08):
        noun_words.append(_pick(SIZE_WORDS[scene.size], random))
    if chance(0.07):
        noun_words.append(random.choice(ADJECTIVES) if random.random() < 0.7 else _letters(random))
    if chance(0.03):
        labels[3] = UNSAID
    else:
        noun_words.append(_pick(COLOR_WORDS[scene.color], random, 0.8))
    noun_words.append(_pick(SHAPE_WORDS[scene.shape], random))
    article = _article(noun_words[0]) if plain or random.random() < 0.75 else random.choice(("the", "one", "this"))
    subject = " ".join((article, *noun_words))
    motion = "" if scene.motion == "stay" and chance(0.4) else _motion_phrase(scene, random)
    if motion and chance(0.08):
        motion = random.choice((f"{motion} {random.choice(ADVERBS)}", f"{random.choice(ADVERBS)} {motion}"))
    color = _pick(COLOR_WORDS[scene.background], random, 0.8)
    if scene.background == default_background(scene.color) and chance(0.5):
        background = ""
    elif chance(0.03):
        background, labels[4] = "", UNSAID
    else:
        background = (
            random.choice(BACKGROUND_PHRASES).format(color).replace(" a " + color, f" {_article(color)} {color}")
        )
    if background and chance(0.08):
        text = f"{background}, {subject} {motion}"
    elif background and chance(0.06):
        text = f"{subject} {motion}, {color} background"
    elif background and chance(0.04):
        text = f"{subject} {background} {motion}"
    else:
        text = f"{subject} {motion} {background}"
    if chance(0.06):
        text = f"{random.choice(OPENINGS)} {text}"
    if chance(0.05):
        text = f"{text}, {random.choice(ENDINGS)}"
    text = " ".join(text.replace(" ,", ",").split())
    if chance(0.3):
        text += "."
    shape, said_motion, size, said_color, said_background = labels
    return Caption(text, (shape, said_motion, size, said_color, said_background))


def empty_caption(random: Random) -> Caption:
    """A sentence without meaning: unknown words, or mostly the empty prompt that guidance compares with."""
    words: list[str] = []
    if random.random() < 0.25:
        words = [
            random.choice(OTHER_WORDS) if random.random() < 0.8 else _letters(random)
            for _ in range(random.randint(1, 8))
        ]
    return Caption(" ".join(words), (UNSAID, UNSAID, UNSAID, UNSAID, UNSAID))


def held_out_captions(count: int, seed: int = 4242) -> list[tuple[Scene, str]]:
    """Held-out scenes, each with a sentence that determines all of its attributes."""
    random = Random(seed)
    found: list[tuple[Scene, str]] = []
    while len(found) < count:
        scene = sample_scene(random, held_out=True)
        caption = describe(scene, random)
        if UNSAID not in caption.labels:
            found.append((scene, caption.text))
    return found
