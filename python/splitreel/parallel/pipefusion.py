"""PipeFusion: denoising in a pipeline of stages, through which patches of the video flow without a barrier per step.

Fang et al., PipeFusion (arXiv 2405.14430). A stage holds some of the blocks. The image tokens are split into patches;
a stage computes one while the next stage computes the one before it. A patch attends to the keys and values of all
tokens: its own are fresh, the others may be a step old. The last stage completes a patch - guidance and the scheduler
step, both of which are elementwise - and returns its rows to the first stage, which may then start that patch's next
step while other patches of this step are still in flight.

During the first `warmup_steps` all tokens form a single patch, so everything is fresh and the result is exact. The
first step is always one of them: before it there is nothing stale to attend to.

The text is part of each step's first patch. The ranks of one stage share a patch's tokens as usual (Ulysses, Ring).
The two halves of classifier-free guidance are parallel pipelines that meet at the end of each patch.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.distributed as dist

from splitreel.contract import failures, reasons
from splitreel.contract.errors import Canceled
from splitreel.parallel.agreement import DeferredCancel
from splitreel.parallel.collectives import Traffic, all_gather
from splitreel.parallel.groups import BACK, SEQUENCE, Mesh
from splitreel.parallel.kv_cache import KVCache
from splitreel.parallel.pipe import Pipe
from splitreel.parallel.spans import Span, split_into_spans
from splitreel.parallel.tokens import LocalTokens, TokenSplit, split_tokens, token_order


@dataclass(frozen=True, slots=True)
class StepResult:
    """One finished denoising step: its index, its time on this rank, and the latents if this rank has them."""

    index: int
    seconds: float
    latents: torch.Tensor | None  # (1, F, C, H, W)


@dataclass(frozen=True, slots=True)
class Patch:
    """Consecutive image tokens, with the text tokens if it is a step's first patch."""

    span: Span
    split: TokenSplit
    positions: torch.Tensor  # int64, of all its tokens in the whole sequence
    start: int | None  # of those tokens, if they are consecutive


class PatchDenoiser(Protocol):
    """One video in one model, as PipeFusion needs it. A row is the latent values of one image token.

    B is 2 if this rank computes both halves of guidance, otherwise 1.
    """

    rows: torch.Tensor  # (1, S, values): initial noise
    batch: int
    text_tokens: int
    hidden_size: int
    block_count: int  # on this rank
    num_inference_steps: int

    def use_kv_cache(self, kv_cache: KVCache | None) -> None:
        """While a cache is set, attention covers all of its tokens and updates those of the current patch."""
        ...

    def condition(self, step: int) -> torch.Tensor:
        """The conditioning that modulates the norms in this step, (B, E)."""
        ...

    def embed(self, rows: torch.Tensor, span: Span, split: TokenSplit) -> LocalTokens:
        """This rank's embedded tokens of a span, from all rows (1, S, values)."""
        ...

    def run_blocks(self, local: LocalTokens, condition: torch.Tensor, span: Span, split: TokenSplit) -> LocalTokens: ...

    def predict(self, image: torch.Tensor, condition: torch.Tensor, split: TokenSplit) -> torch.Tensor:
        """This rank's image tokens after the last block to the span's prediction, (B, span, values)."""
        ...

    def step(self, step: int, span: Span, prediction: torch.Tensor) -> torch.Tensor:
        """Guidance and the scheduler step: predictions (2 or 1, span, values) to the span's rows after the step."""
        ...

    def to_latents(self, rows: torch.Tensor) -> torch.Tensor: ...


def check_patches(patches: int, tokens: int, ranks: int) -> None:
    """Raises REQUEST_INVALID if a patch would have fewer tokens than a stage has ranks."""
    most = tokens // ranks
    if patches > most:
        raise failures.request_invalid(reasons=[reasons.patches_exceed_tokens(patches=patches, max=most)])


class PipeFusion:
    """Denoises one video on one rank. All ranks of the replica run it with equal arguments."""

    def __init__(
        self,
        model: PatchDenoiser,
        mesh: Mesh,
        traffic: Traffic,
        cancel: DeferredCancel,
        *,
        patches: int,
        warmup_steps: int,
    ) -> None:
        self._model = model
        self._mesh = mesh
        self._traffic = traffic
        self._cancel = cancel
        self._exact_steps = max(warmup_steps, 1)
        self._rows = model.rows.clone()  # as far as the first stage has received them
        self._due: deque[tuple[int, Span]] = deque()  # steps of spans that the last stage has yet to return
        self._step_began = time.perf_counter()
        tokens = self._rows.shape[1]
        check_patches(patches, tokens, mesh[SEQUENCE].size)
        self._whole = [self._patch(Span(0, tokens), has_text=True)]
        self._patches = [self._patch(span, has_text=span.start == 0) for span in split_into_spans(tokens, patches)]
        self._kv_cache = KVCache(model.text_tokens + tokens, model.block_count)
        ahead = len(self._patches) + 1
        self._forward = Pipe(mesh["pp"], traffic, most_sent=ahead)
        self._back = Pipe(mesh[BACK], traffic, most_sent=ahead)

    def _patch(self, span: Span, *, has_text: bool) -> Patch:
        text = self._model.text_tokens
        split = split_tokens(text if has_text else 0, span.length, self._mesh[SEQUENCE].size)
        order = token_order(text, span, split)
        start = order[0] if order == list(range(order[0], order[0] + len(order))) else None
        return Patch(span, split, torch.tensor(order, dtype=torch.long, device=self._rows.device), start)

    @property
    def is_approximate(self) -> bool:
        """Whether any step attends to stale keys and values."""
        return len(self._patches) > 1 and self._exact_steps < self._model.num_inference_steps

    def run(self, on_step: Callable[[StepResult], None]) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, on every rank. Raises Canceled, on all at the same step."""
        steps = self._model.num_inference_steps
        self._model.use_kv_cache(self._kv_cache)
        try:
            for index in range(steps):
                self._one_step(index, on_step)
            self._receive_rows(self._rows.shape[1], on_step, steps - 1)
            self._cancel.finish()
        finally:
            self._model.use_kv_cache(None)
            self._kv_cache.clear()
            self._forward.finish()
            self._back.finish()
        latents = self._model.to_latents(self._rows).contiguous()
        group = self._mesh["pp"]
        with self._traffic.waiting():
            dist.broadcast(latents, group.ranks[0], group=group.handle)
        return latents

    def _one_step(self, index: int, on_step: Callable[[StepResult], None]) -> None:
        began = time.perf_counter()
        if self._cancel.is_canceled():
            self._drain()
            raise Canceled
        self._cancel.post()
        condition = self._model.condition(index)
        is_first, is_last = self._mesh["pp"].index == 0, self._mesh["pp"].index == self._mesh["pp"].size - 1
        for patch in self._whole if index < self._exact_steps else self._patches:
            if is_first:
                self._receive_rows(patch.span.stop, on_step, index - 1)
                local = self._model.embed(self._rows, patch.span, patch.split)
            else:
                local = self._receive_tokens(patch)
            self._kv_cache.positions, self._kv_cache.start = patch.positions, patch.start
            local = self._model.run_blocks(local, condition, patch.span, patch.split)
            if is_last:
                self._complete(index, patch, local, condition)
            else:
                self._send_tokens(local)
            if is_first:
                self._due.append((index, patch.span))
        if not is_first:
            on_step(StepResult(index, time.perf_counter() - began, None))

    # On the first stage

    def _receive_rows(self, stop: int, on_step: Callable[[StepResult], None], index: int) -> None:
        """Waits until the rows below `stop` are those after step `index`."""
        while self._due and self._due[0][0] <= index and self._due[0][1].start < stop:
            step, span = self._due[0]
            self._rows[:, span.slice] = self._receive_next_rows()
            if span.stop == self._rows.shape[1]:
                now = time.perf_counter()
                on_step(StepResult(step, now - self._step_began, self._model.to_latents(self._rows)))
                self._step_began = now

    def _receive_next_rows(self) -> torch.Tensor:
        """The rows that are due next.

        Like every receive here, this one is posted only when its result is needed. A posted NCCL receive spins on the
        device; while it does, other kernels can't be loaded for the first time, and two ranks can end up waiting for
        each other. The sends are in flight already, so posting late costs no time.
        """
        _, span = self._due.popleft()
        rows = torch.empty_like(self._rows[:, span.slice])
        self._back.receive(rows, self._mesh["pp"].size - 1)
        return rows

    def _drain(self) -> None:
        """Receives everything in flight, so that no message of this video is left over for the next."""
        while self._due:
            self._receive_next_rows()

    # Between stages

    def _receive_tokens(self, patch: Patch) -> LocalTokens:
        index = self._mesh[SEQUENCE].index
        tokens = self._rows.new_empty((self._model.batch, patch.split.lengths[index], self._model.hidden_size))
        self._forward.receive(tokens, self._mesh["pp"].index - 1)
        text = patch.split.text[index]
        return LocalTokens(tokens[:, text:].contiguous(), tokens[:, :text].contiguous())

    def _send_tokens(self, local: LocalTokens) -> None:
        tokens = torch.cat([local.text, local.image], dim=1).contiguous()
        self._forward.send(tokens, self._mesh["pp"].index + 1)

    # On the last stage

    def _complete(self, index: int, patch: Patch, local: LocalTokens, condition: torch.Tensor) -> None:
        rows = self._model.predict(local.image, condition, patch.split)
        cfg = self._mesh["cfg"]
        prediction = all_gather(rows, [rows.shape[0]] * cfg.size, 0, cfg, self._traffic).float()
        stepped = self._model.step(index, patch.span, prediction).contiguous()
        self._back.send(stepped, 0)
