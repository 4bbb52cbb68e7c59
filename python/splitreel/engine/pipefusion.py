"""PipeFusion: denoising in a pipeline of stages, through which patches of the video flow without a barrier at a step.

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
from splitreel.engine.agreement import LateAgreement
from splitreel.models.family import Pipeline
from splitreel.models.patch_steps import PatchSteps
from splitreel.models.split_transformer import (
    Cutting,
    Pack,
    SplitTransformer,
    latents_to_rows,
    pack_order,
    rows_to_latents,
)
from splitreel.models.start import Asked, Start
from splitreel.parallel.collectives import all_gather, receive, send
from splitreel.parallel.groups import BACK, SEQUENCE, Mesh
from splitreel.parallel.kept import KeptKeys
from splitreel.parallel.shares import Span, share_spans


@dataclass(frozen=True, slots=True)
class StepTold:
    """One step that is done on this rank: its number, its time, and the latents as they are, where they are known."""

    number: int
    seconds: float
    latents: torch.Tensor | None


@dataclass(frozen=True, slots=True)
class Patch:
    """Consecutive image tokens, and whether the text travels with them."""

    span: Span
    has_text: bool
    cutting: Cutting
    places: torch.Tensor


@dataclass(frozen=True, slots=True)
class Flow:
    """What one run of the pipeline is given."""

    asked: Asked
    start: Start
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

    def __init__(self, pipeline: Pipeline, split: SplitTransformer, flow: Flow, stop: LateAgreement) -> None:
        self._split = split
        self._flow = flow
        self._stop = stop
        self._mesh: Mesh = split.mesh
        self._config = pipeline.transformer.config
        self._kind = (self._config.patch_size, self._config.patch_size_t)
        self._steps = PatchSteps(pipeline.scheduler, flow.start.latents, self._to_rows, flow.asked.generator)
        self._rows = self._steps.rows.clone()  # as the first stage knows them
        self._sent: deque[tuple[dist.Work, torch.Tensor]] = deque()
        self._due: deque[tuple[int, Span]] = deque()  # steps of spans that the last stage will give back
        self._step_began = time.perf_counter()
        tokens = self._rows.shape[1]
        ranks = self._mesh[SEQUENCE].size
        check_patches(flow.patches, tokens, ranks)
        self._whole = [self._patch(Span(0, tokens), has_text=True)]
        spans = share_spans(tokens, flow.patches)
        self._patches = [self._patch(span, has_text=span.start == 0) for span in spans]
        self._width = int(self._config.num_attention_heads * self._config.attention_head_dim)
        self._kept = KeptKeys(flow.text.shape[1] + tokens, len(split.blocks))

    @property
    def is_approximate(self) -> bool:
        """Whether any step attends to stale keys."""
        return len(self._patches) > 1 and self._exact_steps < self._flow.asked.num_inference_steps

    @property
    def _exact_steps(self) -> int:
        return max(self._flow.warmup_steps, 1)

    def run(self, told: Callable[[StepTold], None]) -> torch.Tensor:
        """Latents (1, F, C, H, W) after the last step, on every rank. Raises Cancelled, on all at the same step."""
        self._split.keep_keys(self._kept)
        try:
            for number in range(self._flow.asked.num_inference_steps):
                self._one_step(number, told)
            self._take_back(self._rows.shape[1], told, self._flow.asked.num_inference_steps - 1)
            self._stop.settle()
        finally:
            self._split.keep_keys(None)
            self._kept.forget()
            while self._sent:
                with self._split.traffic.waiting():
                    self._sent.popleft()[0].wait()
        latents = self._to_latents(self._rows).contiguous()
        group = self._mesh["pp"]
        with self._split.traffic.waiting():
            dist.broadcast(latents, group.ranks[0], group=group.handle)
        return latents

    def _one_step(self, number: int, told: Callable[[StepTold], None]) -> None:
        began = time.perf_counter()
        if self._stop.is_stopped():
            self._drain()
            raise Cancelled
        self._stop.ask()
        condition = self._condition(number)
        is_first, is_last = self._mesh["pp"].index == 0, self._mesh["pp"].index == self._mesh["pp"].size - 1
        patches = self._whole if number < self._exact_steps else self._patches
        for patch in patches:
            if is_first:
                self._take_back(patch.span.stop, told, number - 1)
                pack = self._enter(patch)
            else:
                pack = self._arrive(patch)
            self._kept.places = patch.places
            rotary = self._split.own_rotary(self._flow.start.rotary, patch.span, patch.cutting)
            pack = self._split.run_blocks(pack, condition, rotary, patch.cutting)
            if is_last:
                self._finish(number, patch, pack, condition)
            else:
                self._pass_on(pack)
            if is_first:
                self._due.append((number, patch.span))
        if not is_first:
            told(StepTold(number, time.perf_counter() - began, None))

    # At the first stage

    def _enter(self, patch: Patch) -> Pack:
        latents = self._to_latents(self._rows)
        batch = self._flow.text.shape[0]
        given = torch.cat([latents] * batch)
        if self._flow.start.picture_latents is not None:
            given = torch.cat([given, torch.cat([self._flow.start.picture_latents] * batch)], dim=2)
        tokens = self._split.embed(self._flow.text, given)
        return self._split.own_part(tokens, self._flow.text.shape[1], patch.span, patch.cutting)

    def _take_back(self, stop: int, told: Callable[[StepTold], None], number: int) -> None:
        """Waits until the rows below `stop` are as step `number` left them."""
        while self._due and self._due[0][0] <= number and self._due[0][1].start < stop:
            at, span = self._due[0]
            self._rows[:, span.slice] = self._one_back()
            if span.stop == self._rows.shape[1]:
                now = time.perf_counter()
                told(StepTold(at, now - self._step_began, self._to_latents(self._rows)))
                self._step_began = now

    def _one_back(self) -> torch.Tensor:
        """The rows that are due next. Asked for when they are needed and no sooner, as everything that is received here.

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

    def _arrive(self, patch: Patch) -> Pack:
        group, index = self._mesh["pp"], self._mesh[SEQUENCE].index
        hidden = self._rows.new_empty((self._flow.text.shape[0], patch.cutting.lengths[index], self._width))
        with self._split.traffic.waiting():
            receive(hidden, group.ranks[group.index - 1], group).wait()
        text = patch.cutting.text[index]
        return Pack(hidden[:, text:].contiguous(), hidden[:, :text].contiguous())

    def _pass_on(self, pack: Pack) -> None:
        group = self._mesh["pp"]
        self._keep_sending(torch.cat([pack.text, pack.image], dim=1).contiguous(), group.ranks[group.index + 1], "pp")

    def _keep_sending(self, tensor: torch.Tensor, to: int, axis: str) -> None:
        """Sends, and holds the tensor until it is gone; a stage runs ahead of the next by a step's patches at most."""
        self._sent.append((send(tensor, to, self._mesh[axis], self._split.traffic), tensor))
        while len(self._sent) > len(self._patches) + 1:
            with self._split.traffic.waiting():
                self._sent.popleft()[0].wait()

    # At the last stage

    def _finish(self, number: int, patch: Patch, pack: Pack, condition: torch.Tensor) -> None:
        rows = self._split.read_out(pack.image, condition, patch.cutting)
        cfg = self._mesh["cfg"]
        prediction = all_gather(rows, [rows.shape[0]] * cfg.size, 0, cfg, self._split.traffic).float()
        if prediction.shape[0] == 2:
            without, with_prompt = prediction.chunk(2)
            guidance = self._flow.asked.guidance_at(float(self._flow.start.timesteps[number]))
            prediction = without + guidance * (with_prompt - without)
        stepped = self._steps.step(number, patch.span, prediction).contiguous()
        back = self._mesh[BACK]
        self._keep_sending(stepped, back.ranks[0], BACK)

    # Shapes

    def _condition(self, number: int) -> torch.Tensor:
        batch = self._flow.text.shape[0]
        timestep = self._flow.start.timesteps[number].expand(batch)
        return self._split.condition(timestep, self._flow.start.ofs, self._rows.dtype)

    def _patch(self, span: Span, *, has_text: bool) -> Patch:
        text = self._flow.text.shape[1]
        cutting = self._split.cutting(text if has_text else 0, span.length)
        places = torch.tensor(pack_order(text, span, cutting), dtype=torch.long, device=self._rows.device)
        return Patch(span, has_text, cutting, places)

    def _to_rows(self, latents: torch.Tensor) -> torch.Tensor:
        return latents_to_rows(latents, *self._kind)

    def _to_latents(self, rows: torch.Tensor) -> torch.Tensor:
        return rows_to_latents(rows, self._flow.start.latents, *self._kind)
