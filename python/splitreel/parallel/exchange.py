"""Ulysses' exchanges without copies: each side's rows are already in the order in which they travel.

Jacobs et al., DeepSpeed Ulysses (arXiv 2309.14509), section 3. One video of the batch travels at a time. Its tokens
then lie behind one another whichever rank they come from, and one video's exchange runs beside the other's arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist

from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import Group


@dataclass(frozen=True, slots=True)
class Exchange:
    """An all-to-all under way. What is sent must stay as it is until `wait`."""

    received: torch.Tensor
    _sent: torch.Tensor
    _work: dist.Work
    _traffic: Traffic

    def wait(self) -> torch.Tensor:
        """Rows of all ranks, in the group's order. On a GPU this orders the work after it; the CPU goes on."""
        with self._traffic.waiting():
            self._work.wait()
        return self.received


def start_exchange(
    sent: torch.Tensor, sent_rows: Sequence[int], received_rows: Sequence[int], group: Group, traffic: Traffic
) -> Exchange:
    """Sends the first `sent_rows[0]` rows of a contiguous tensor to the group's first rank, and so on."""
    assert sent.is_contiguous(), "rows travel as they lie"
    received = sent.new_empty((sum(received_rows), *sent.shape[1:]))
    work = dist.all_to_all_single(
        received, sent, list(received_rows), list(sent_rows), group=group.handle, async_op=True
    )
    assert work is not None
    row_bytes = sent[0].numel() * sent.element_size()
    traffic.bytes_sent += (sum(sent_rows) - sent_rows[group.index]) * row_bytes
    return Exchange(received, sent, work, traffic)
