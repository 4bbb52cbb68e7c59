"""How the tokens of a video are split over the ranks of a SEQUENCE group. Text tokens come before image tokens."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from splitreel.parallel.spans import Span, split_evenly, split_into_spans


@dataclass(frozen=True, slots=True)
class LocalTokens:
    """One rank's tokens on their way through the blocks: image (B, S, D), text (B, T, D). Either may be empty."""

    image: torch.Tensor
    text: torch.Tensor


@dataclass(frozen=True, slots=True)
class TokenSplit:
    """How many text and image tokens each rank of the SEQUENCE group holds."""

    text: tuple[int, ...]
    image: tuple[int, ...]

    @property
    def lengths(self) -> list[int]:
        return [text + image for text, image in zip(self.text, self.image, strict=True)]


def split_tokens(text: int, image: int, ranks: int) -> TokenSplit:
    return TokenSplit(split_evenly(text, ranks), split_evenly(image, ranks))


def token_order(text_length: int, image_span: Span, split: TokenSplit) -> list[int]:
    """Positions of the split's tokens in the whole sequence, in the order in which the ranks hold them.

    `text_length`: of the whole sequence, also if the split holds no text. `image_span`: the image tokens in the split.
    """
    order: list[int] = []
    texts = split_into_spans(sum(split.text), len(split.text))
    images = split_into_spans(image_span.length, len(split.image), start=text_length + image_span.start)
    for text, image in zip(texts, images, strict=True):
        order.extend(range(text.start, text.stop))
        order.extend(range(image.start, image.stop))
    return order
