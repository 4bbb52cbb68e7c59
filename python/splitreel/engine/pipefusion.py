"""PipeFusion: denoising in a pipeline of stages, through which patches of the video inputs without a barrier at a step.

Fang et al., PipeFusion (arXiv 2405.14430). A stage holds some of the blocks. The image tokens are cut into patches; a
stage works on one while the next stage works on the one before it. Attention is to the keys and values of all tokens:
those of the patch are fresh, the others as far as they are. The last stage finishes a patch whole - guidance and the
scheduler's step, which work on each number alone (models/patch_steps.py) - and hands its rows back to the first, which
may then begin that patch's next step although others of this step are still on their way.

In the first `warmup_steps` all tokens are one patch, so everything is fresh and the result exact. The first step is
always one of these: before it there is nothing stale to attend to.

The text is part of each step's first patch. Ranks of one stage share a patch's tokens as they share them elsewhere
(Ulysses, Ring); the halves of guidance are pipelines side by side, which meet at each patch's end.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.distributed as dist

from splitreel.contract.errors import Cancelled, Reason, SplitreelError
from splitreel.models.cogvideox.inputs import DenoisingInputs, SamplingParams
from splitreel.models.cogvideox.patch_scheduler import PatchScheduler
from splitreel.models.cogvideox.transformer import (
    LocalTokens,
    SplitTransformer,
    TokenSplit,
    latents_to_rows,
    rows_to_latents,
    token_order,
)
from splitreel.models.family import Pipeline
from splitreel.parallel.agreement import DeferredCancel
from splitreel.parallel.collectives import all_gather, receive, send
from splitreel.parallel.groups import BACK, SEQUENCE, Mesh
from splitreel.parallel.kv_cache import KVCache
from splitreel.parallel.spans import Span, split_into_spans


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step that is done on this rank: its number, its time, and the latents as they are, where they are known."""

    number: int
    seconds: float
    latents: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Patch:
    """Consecutive image tokens, and whether the text travels with them."""

    span: Span
    has_text: bool
    token_split: TokenSplit
    places: torch.Tensor


@dataclass(frozen=True, slots=True)
class PipeFusionInputs:
    """What one run of the pipeline is given."""

    asked: SamplingParams
    start: DenoisingInputs
    text: torch.Tensor  # of this rank's half of guidance, or both: (B, T, D)
    patches: int
    warmup_steps: int


def check_patches(patches: int, tokens: int, ranks: int) -> None:
    """Raises REQUEST_INVALID where there are more patches than could hold a token for each rank of a stage."""
    most = tokens // ranks
    if patches > most:
        raise SplitreelError(
            "REQUEST_INVALID", reasons=[Reason("patches_exceed_tokens", {"patches": patches, "max": most})]
        )


class PipeFusion:
    """One video's denoising on one rank. All ranks of the replica run it with equal arguments."""

    def __init__(
        self, pipeline: Pipeline, split: SplitTransformer, inputs: PipeFusionInputs, stop: DeferredCancel
    ) -> None:
        self._split = split
        self._inputs = inputs
        self._stop = stop
        self._mesh: Mesh = split.mesh
        self._config = pipeline.transformer.config
        self._kind = (self._config.patch_size, self._config.patch_size_t)
        self._steps = PatchScheduler(pipeline.scheduler, inputs.start.latents, self._to_rows, inputs.asked.generator)
        self._rows = self._steps.rows.clone()  # as the first stage knows them
        self._sent: deque[tuple[dist.Work, torch.Tensor]] = deque()
        self._due: deque[tuple[int, Span]] = deque()  # steps of spans that the last stage will give back
        self._step_began = time.perf_counter()
        tokens = self._rows.shape[1]
        ranks = self._mesh[SEQUENCE].size
        check_patches(inputs.patches, tokens, ranks)
        self._whole = [self._patch(Span(0, tokens), has_text=True)]
        spans = split_into_spans(tokens, inputs.patches)
        self._patches = [self._patch(span, has_text=span.start == 0) for span in spans]
        self._width = int(self._config.num_attention_heads * self._config.attention_head_dim)
        self._kv_cache = KVCache(inputs.text.shape[1] + tokens, len(split.blocks))

    @property
    def is_approximate(self) -> bool:
        """Whether any step attends to stale keys."""
        return len(self._patches) > 1 and self._exact_steps < self._inputs.asked.num_inference_steps

    @property
    def _exact_steps(self) -> int:
        return max(self._inputs.warmup_steps, 1)

    def run(self, on_step: Callable[[StepResult], None]) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, on every rank. Raises Cancelled, on all at the same step."""
        self._split.use_kv_cache(self._kv_cache)
        try:
            for number in range(self._inputs.asked.num_inference_steps):
                self._one_step(number, on_step)
            self._take_back(self._rows.shape[1], on_step, self._inputs.asked.num_inference_steps - 1)
            self._stop.finish()
        finally:
            self._split.use_kv_cache(None)
            self._kv_cache.clear()
            while self._sent:
                with self._split.traffic.waiting():
                    self._sent.popleft()[0].wait()
        latents = self._to_latents(self._rows).contiguous()
        group = self._mesh["pp"]
        with self._split.traffic.waiting():
            dist.broadcast(latents, group.ranks[0], group=group.handle)
        return latents

    def _one_step(self, number: int, on_step: Callable[[StepResult], None]) -> None:
        began = time.perf_counter()
        if self._stop.is_cancelled():
            self._drain()
            raise Cancelled
        self._stop.post()
        condition = self._condition(number)
        is_first, is_last = self._mesh["pp"].index == 0, self._mesh["pp"].index == self._mesh["pp"].size - 1
        patches = self._whole if number < self._exact_steps else self._patches
        for patch in patches:
            if is_first:
                self._take_back(patch.span.stop, on_step, number - 1)
                local = self._enter(patch)
            else:
                local = self._arrive(patch)
            self._kv_cache.positions = patch.places
            rotary = self._split.local_rotary(self._inputs.start.rotary, patch.span, patch.token_split)
            local = self._split.run_blocks(local, condition, rotary, patch.token_split)
            if is_last:
                self._finish(number, patch, local, condition)
            else:
                self._pass_on(local)
            if is_first:
                self._due.append((number, patch.span))
        if not is_first:
            on_step(StepResult(number, time.perf_counter() - began, None))

    # At the first stage

    def _enter(self, patch: Patch) -> LocalTokens:
        latents = self._to_latents(self._rows)
        batch = self._inputs.text.shape[0]
        given = torch.cat([latents] * batch)
        if self._inputs.start.picture_latents is not None:
            given = torch.cat([given, torch.cat([self._inputs.start.picture_latents] * batch)], dim=2)
        tokens = self._split.embed(self._inputs.text, given)
        return self._split.local_tokens(tokens, self._inputs.text.shape[1], patch.span, patch.token_split)

    def _take_back(self, stop: int, on_step: Callable[[StepResult], None], number: int) -> None:
        """Waits until the rows below `stop` are as step `number` left them."""
        while self._due and self._due[0][0] <= number and self._due[0][1].start < stop:
            at, span = self._due[0]
            self._rows[:, span.slice] = self._one_back()
            if span.stop == self._rows.shape[1]:
                now = time.perf_counter()
                on_step(StepResult(at, now - self._step_began, self._to_latents(self._rows)))
                self._step_began = now

    def _one_back(self) -> torch.Tensor:
        """The rows that are due next. SamplingParams for when they are needed and no sooner, as everything that is received here.

        NCCL's kernels wait on the device for the other side. One that waits there while others are loaded for the first
        time keeps them from it, and two ranks can come to wait for each other so. What is sent is on its way already.
        """
        _, span = self._due.popleft()
        back = self._mesh[BACK]
        rows = torch.empty_like(self._rows[:, span.slice])
        with self._split.traffic.waiting():
            receive(rows, back.ranks[-1], back).wait()
        return rows

    def _drain(self) -> None:
        """Takes what is still under way, so that no message of this video is left for the next."""
        while self._due:
            self._one_back()

    # Between stages

    def _arrive(self, patch: Patch) -> LocalTokens:
        group, index = self._mesh["pp"], self._mesh[SEQUENCE].index
        hidden = self._rows.new_empty((self._inputs.text.shape[0], patch.token_split.lengths[index], self._width))
        with self._split.traffic.waiting():
            receive(hidden, group.ranks[group.index - 1], group).wait()
        text = patch.token_split.text[index]
        return LocalTokens(hidden[:, text:].contiguous(), hidden[:, :text].contiguous())

    def _pass_on(self, local: LocalTokens) -> None:
        group = self._mesh["pp"]
        self._keep_sending(torch.cat([local.text, local.image], dim=1).contiguous(), group.ranks[group.index + 1], "pp")

    def _keep_sending(self, tensor: torch.Tensor, to: int, axis: str) -> None:
        """Sends, and holds the tensor until it is gone; a stage runs ahead of the next by a step's patches at most."""
        self._sent.append((send(tensor, to, self._mesh[axis], self._split.traffic), tensor))
        while len(self._sent) > len(self._patches) + 1:
            with self._split.traffic.waiting():
                self._sent.popleft()[0].wait()

    # At the last stage

    def _finish(self, number: int, patch: Patch, local: LocalTokens, condition: torch.Tensor) -> None:
        rows = self._split.unpatchify_rows(local.image, condition, patch.token_split)
        cfg = self._mesh["cfg"]
        prediction = all_gather(rows, [rows.shape[0]] * cfg.size, 0, cfg, self._split.traffic).float()
        if prediction.shape[0] == 2:
            without, with_prompt = prediction.chunk(2)
            guidance = self._inputs.asked.guidance_at(float(self._inputs.start.timesteps[number]))
            prediction = without + guidance * (with_prompt - without)
        stepped = self._steps.step(number, patch.span, prediction).contiguous()
        back = self._mesh[BACK]
        self._keep_sending(stepped, back.ranks[0], BACK)

    # Shapes

    def _condition(self, number: int) -> torch.Tensor:
        batch = self._inputs.text.shape[0]
        timestep = self._inputs.start.timesteps[number].expand(batch)
        return self._split.condition(timestep, self._inputs.start.ofs, self._rows.dtype)

    def _patch(self, span: Span, *, has_text: bool) -> Patch:
        text = self._inputs.text.shape[1]
        token_split = self._split.split_tokens(text if has_text else 0, span.length)
        places = torch.tensor(token_order(text, span, token_split), dtype=torch.long, device=self._rows.device)
        return Patch(span, has_text, token_split, places)

    def _to_rows(self, latents: torch.Tensor) -> torch.Tensor:
        return latents_to_rows(latents, *self._kind)

    def _to_latents(self, rows: torch.Tensor) -> torch.Tensor:
        return rows_to_latents(rows, self._inputs.start.latents, *self._kind)
