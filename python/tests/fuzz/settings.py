"""How long the fuzz tests run: a sample that is always the same by default, and whatever `npm run fuzz` asks for."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SEED = os.environ.get("SPLITREEL_FUZZ_SEED")
_EXAMPLES = int(os.environ.get("SPLITREEL_FUZZ_RUNS", "500"))

# Folders live as long as the module, and each case leaves them as it found them.
FUZZ = settings(
    max_examples=_EXAMPLES,
    derandomize=_SEED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
