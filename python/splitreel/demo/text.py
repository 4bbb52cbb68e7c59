"""The demo model's T5 encoder, and the probes that train it to represent the scene in a sentence.

In training every token must be able to name every attribute of the scene: a linear head for each reads all positions.
That binds colors to object and background long before the video loss would. The heads are dropped at export.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import T5Config, T5EncoderModel

from splitreel.demo.captions import ATTRIBUTES, UNSAID
from splitreel.demo.tokenizer import END_ID, PAD_ID
from splitreel.demo.words import COLOR_NAMES, MOTIONS, SHAPES, SIZES

TEXT_WIDTH: Final = 128
_CHOICES: Final = (len(SHAPES), len(MOTIONS), len(SIZES), len(COLOR_NAMES), len(COLOR_NAMES))


def new_text_encoder(pieces: int) -> Any:
    return T5EncoderModel(
        T5Config(
            vocab_size=pieces,
            d_model=TEXT_WIDTH,
            d_kv=32,
            d_ff=256,
            num_layers=4,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            dropout_rate=0.0,
            pad_token_id=PAD_ID,
            eos_token_id=END_ID,
            decoder_start_token_id=PAD_ID,
        )
    )


class Probes(nn.Module):
    """One linear head for all attributes over each token's state."""

    def __init__(self) -> None:
        super().__init__()
        assert len(_CHOICES) == len(ATTRIBUTES)
        self.head = nn.Linear(TEXT_WIDTH, sum(_CHOICES))

    def forward(self, states_BLD: Tensor, said_BA: Tensor) -> Tensor:
        """Cross entropy over all tokens and the attributes that the sentence decides."""
        total = states_BLD.new_zeros((), dtype=torch.float32)
        logits = self.head(states_BLD.float()).split(_CHOICES, -1)
        for attribute, scores_BLN in enumerate(logits):
            said_BL = said_BA[:, attribute, None].expand(-1, scores_BLN.shape[1])
            losses = functional.cross_entropy(
                scores_BLN.flatten(0, 1), said_BL.flatten(), ignore_index=UNSAID, reduction="sum"
            )
            total = total + losses / (said_BL != UNSAID).sum().clamp(min=1)
        return total
