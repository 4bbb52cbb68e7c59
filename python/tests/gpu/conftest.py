"""Tests that need a CUDA device, run manually. Without one, nothing here is collected.

cd python && python -m pytest tests/gpu
"""

from __future__ import annotations

import torch

collect_ignore_glob = [] if torch.cuda.is_available() else ["test_*.py"]
