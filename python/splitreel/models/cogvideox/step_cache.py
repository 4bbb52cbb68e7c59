"""Steps whose blocks are not computed: what the blocks add to the tokens is predicted from the steps before.

Liu et al., TaylorSeer (arXiv 2503.06923), with the first derivative. Which steps are computed follows from their number
alone (`rules/step_schedule.py`), so it is the same for every prompt, seed, plan and rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch


@dataclass(slots=True)
class StepCache:
    """One video's cache: which steps are computed, and what the blocks added to this rank's image tokens in the last two."""

    computed: Sequence[bool]
    _last: torch.Tensor | None = field(default=None)
    _last_step: int = 0
    _change: torch.Tensor | None = field(default=None)  # from step to step

    @property
    def reused(self) -> int:
        return len(self.computed) - sum(self.computed)

    def keep(self, step: int, added: torch.Tensor) -> None:
        """Stores what the blocks added in a computed step."""
        if self._last is not None:
            # Reuses the memory of a tensor that is no longer needed.
            self._change = self._last.neg_().add_(added).div_(step - self._last_step)
        self._last, self._last_step = added, step

    def predict(self, step: int) -> torch.Tensor:
        """What the blocks would add in a step that isn't computed."""
        assert self._last is not None, "the first step is computed"
        if self._change is None:
            return self._last
        return torch.add(self._last, self._change, alpha=step - self._last_step)
