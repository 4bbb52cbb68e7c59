"""What ranks that interpret Triton's kernels share, created once in the process that they are forked from.

A process compares the kernels with torch before it first uses them, which takes the interpreter seconds.
"""

from __future__ import annotations

import atexit
import gc
import os

import torch

import tests.engine.world
from splitreel.kernels.checks import fused_decoder_problem, fused_kernels_problem
from splitreel.models.cogvideox.random_model import KINDS

_ = tests.engine.world

_NARROW = KINDS["narrow"]
_CPU = torch.device("cpu")
fused_kernels_problem(_CPU, torch.float32, width=_NARROW.heads * _NARROW.head_dim, head_width=_NARROW.head_dim)
fused_decoder_problem(_CPU, torch.float32, channels=(), norm_groups=1)

gc.freeze()
# An orderly shutdown would list what Triton's compiler leaks.
atexit.register(os._exit, 0)
