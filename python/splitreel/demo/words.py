"""The demo model's vocabulary: the attributes of a scene and the words for them. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

COLORS: Final[Mapping[str, tuple[float, float, float]]] = MappingProxyType(
    {
        "red": (0.90, 0.10, 0.10),
        "green": (0.10, 0.70, 0.20),
        "blue": (0.10, 0.25, 0.90),
        "yellow": (0.97, 0.88, 0.10),
        "orange": (1.00, 0.50, 0.05),
        "purple": (0.55, 0.12, 0.70),
        "white": (0.97, 0.97, 0.97),
        "black": (0.04, 0.04, 0.04),
    }
)
COLOR_NAMES: Final = tuple(COLORS)
SHAPES: Final = ("ball", "square", "triangle", "star")
RADII: Final[Mapping[str, float]] = MappingProxyType({"small": 0.16, "medium": 0.21, "large": 0.27})
"""Radius of an object as a share of the frame's height."""
SIZES: Final = tuple(RADII)

_DIAGONAL = math.sqrt(0.5)
DIRECTIONS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "right": (1.0, 0.0),
        "left": (-1.0, 0.0),
        "up": (0.0, -1.0),
        "down": (0.0, 1.0),
        "up right": (_DIAGONAL, -_DIAGONAL),
        "up left": (-_DIAGONAL, -_DIAGONAL),
        "down right": (_DIAGONAL, _DIAGONAL),
        "down left": (-_DIAGONAL, _DIAGONAL),
    }
)
MOTIONS: Final = (*DIRECTIONS, "bounce", "spin", "grow", "shrink", "stay")


@dataclass(frozen=True, slots=True)
class Words:
    """Words for one attribute value. The first is the most common, and is sampled most often."""

    usual: str
    others: tuple[str, ...] = ()


COLOR_WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "red": Words("red", ("crimson", "scarlet")),
        "green": Words("green", ("emerald", "lime")),
        "blue": Words("blue", ("navy", "cyan", "turquoise")),
        "yellow": Words("yellow", ("golden", "gold")),
        "orange": Words("orange", ("amber",)),
        "purple": Words("purple", ("violet", "magenta", "pink")),
        "white": Words("white"),
        "black": Words("black"),
    }
)
SHAPE_WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "ball": Words("ball", ("circle", "ball", "circle", "disc", "dot", "sphere", "balloon", "bubble")),
        "square": Words("square", ("box", "cube", "block", "square", "rectangle")),
        "triangle": Words("triangle", ("wedge", "pyramid", "triangle", "cone")),
        "star": Words("star", ("star", "starfish")),
    }
)
SIZE_WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "small": Words("small", ("little", "tiny")),
        "medium": Words("medium", ("medium-sized",)),
        "large": Words("large", ("big", "huge", "giant", "big")),
    }
)
TRAVEL_VERBS: Final = ("moves", "goes", "slides", "travels", "glides", "flies", "runs")
MOTION_PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "up": ("rises", "goes up", "moves up", "flies up", "moves upwards", "moving up", "floats up", "rising"),
        "down": (
            "falls",
            "falls down",
            "goes down",
            "moves down",
            "drops",
            "moves downwards",
            "moving down",
            "falling",
        ),
        "bounce": ("bounces", "bounces up and down", "jumps", "is bouncing", "bouncing", "jumping", "hops"),
        "spin": ("spins", "rotates", "turns around", "is spinning", "spinning", "rotating", "turns"),
        "grow": ("grows", "gets bigger", "grows bigger", "expands", "is growing", "growing", "gets larger"),
        "shrink": ("shrinks", "gets smaller", "becomes smaller", "is shrinking", "shrinking"),
        "stay": ("stays still", "does not move", "stays in place", "is standing still", "rests", "stays"),
    }
)
BACKGROUND_PHRASES: Final = (
    "on a {} background",
    "on a {} background",
    "on a {} background",
    "on a {} background",
    "against a {} background",
    "in front of a {} background",
    "over a {} background",
    "with a {} background",
    "on {}",
    "on a {} wall",
    "in front of a {} wall",
    "in a {} room",
)
ADJECTIVES: Final = (
    "shiny",
    "beautiful",
    "nice",
    "cute",
    "bright",
    "old",
    "simple",
    "flat",
    "smooth",
    "pretty",
    "solid",
    "dark",
    "light",
)
ADVERBS: Final = ("slowly", "quickly", "smoothly", "fast", "gently", "again", "happily", "suddenly")
OPENINGS: Final = ("a video of", "an animation of", "a clip of", "animation:", "a cartoon of", "we see", "there is")
ENDINGS: Final = (
    "in high quality",
    "4k",
    "cartoon style",
    "simple animation",
    "cinematic",
    "detailed",
    "at night",
    "highly detailed, realistic",
)
OTHER_WORDS: Final = (
    "an",
    "the",
    "of",
    "and",
    "with",
    "in",
    "on",
    "at",
    "by",
    "to",
    "from",
    "then",
    "while",
    "two",
    "three",
    "brown",
    "gray",
    "grey",
    "heart",
    "diamond",
    "dog",
    "cat",
    "person",
    "man",
    "woman",
    "sky",
    "grass",
    "sun",
    "moon",
    "day",
    "night",
    "scene",
    "camera",
    "shot",
    "realistic",
    "blurry",
    "low",
    "quality",
    "distorted",
    "ugly",
    "watermark",
    "text",
    "car",
    "house",
    "tree",
    "water",
    "sea",
    "street",
    "forest",
    "city",
    "robot",
    "bird",
    "fish",
    "dances",
    "walks",
    "looks",
    "plays",
    "sits",
    "light",
    "colour",
    "color",
    "bad",
    "worst",
)
"""Words without meaning to the model. Training includes them, so that they do no harm."""
