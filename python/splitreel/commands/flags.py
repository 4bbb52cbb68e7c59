"""The flags of `generate` and of the torchrun drop-in, and the job that they describe. Starts nothing; no torch."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, cast, get_type_hints

from splitreel.commands.parser import Parser, underscored
from splitreel.contract import failures, reasons
from splitreel.contract.limits import MAX_DEGREE
from splitreel.contract.protocol import WorkerVideo
from splitreel.contract.types import Lora, Offload, Plan, SamplingParams
from splitreel.rules.model_shape import ModelShape
from splitreel.rules.plan import PlanContext, PlanDevices, recommend_plan
from splitreel.rules.request import default_params
from splitreel.store.lora import hash_lora

_DTYPES = ("auto", "bfloat16", "float32")
_DEFAULT_SEED = 42
_RANK_FLAGS: Final = (
    "nproc_per_node",
    "ulysses_degree",
    "ring_degree",
    "tensor_parallel_degree",
    "pipefusion_parallel_degree",
    "data_parallel_degree",
)
# Far more than the prompts of one job; an endless file or pipe is not read to its end.
_MAX_PROMPT_FILE_BYTES: Final = 4_000_000
_SAMPLING_HELP = {
    "num_frames": "length of the video in frames",
    "num_inference_steps": "denoising steps",
    "guidance_scale": "how closely the video follows the prompt",
    "attention": "attention kernel (default: auto, the fastest that is correct here)",
    "quality": "balanced and fast are approximate (default: exact)",
    "fps": "frames per second (default: as the model was trained)",
    "num_pipeline_patch": "PipeFusion: number of patches (default: the number of stages)",
    "warmup_steps": "PipeFusion: number of exact first steps (default: 1)",
    "image_fit": "how to adapt an image of another shape: crop, fit between bars, or stretch",
    "image_position": "which part crop keeps, from 0 (left or top) to 1 (right or bottom)",
}


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags as given. One that was not given is None."""

    model: str
    prompts: tuple[str, ...]
    negative_prompts: tuple[str, ...]  # one for all prompts, or one each
    image: Path | None
    nproc_per_node: int | None
    ulysses_degree: int | None
    ring_degree: int | None
    use_cfg_parallel: bool
    tensor_parallel_degree: int | None
    pipefusion_parallel_degree: int | None
    data_parallel_degree: int | None
    seed: int
    sampling: Mapping[str, Any]  # the fields of SamplingParams that were given
    dtype: Literal["auto", "bfloat16", "float32"]
    device: Literal["auto", "cpu", "cuda"]
    output_dir: Path
    save_latents: Path | None
    overwrite: bool
    ignored: tuple[str, ...] = ()  # flags of other programs that have no effect here

    @property
    def plan(self) -> Plan | None:
        """The plan that the degrees describe; None if none was given."""
        degrees = (
            self.data_parallel_degree,
            self.pipefusion_parallel_degree,
            self.ring_degree,
            self.ulysses_degree,
            self.tensor_parallel_degree,
        )
        if not self.use_cfg_parallel and all(degree is None for degree in degrees):
            return None
        dp, pp, ring, ulysses, tp = (1 if degree is None else degree for degree in degrees)
        return Plan(dp=dp, cfg=2 if self.use_cfg_parallel else 1, pp=pp, ring=ring, ulysses=ulysses, tp=tp)

    def videos(self, paths: Sequence[Path]) -> tuple[WorkerVideo, ...]:
        """One video per prompt, with the path at the same index."""
        negative = self.negative_prompts if len(self.negative_prompts) > 1 else self.negative_prompts * len(paths)
        image = None if self.image is None else str(self.image.absolute())
        return tuple(
            WorkerVideo(prompt, unwanted, self.seed, image, str(path))
            for prompt, unwanted, path in zip(self.prompts, negative, paths, strict=True)
        )

    def settings(self, shape: ModelShape, plan: Plan, defaults: Mapping[str, Any] | None = None) -> SamplingParams:
        """The given flags, then `defaults`, then the values that the model's authors publish."""
        values = {"num_pipeline_patch": plan.pp, **(defaults or {}), **self.sampling}
        return replace(default_params(shape), **values)


def chosen_plan(
    flags: Flags, shape: ModelShape, kind: Literal["cuda", "cpu"], island_size: Callable[[int], int] = lambda _count: 1
) -> Plan:
    """The plan of the degrees, or the best one for `nproc_per_node`. Raises PLAN_INVALID if the two disagree.

    `island_size`: how many of that number of GPUs NVLink connects. Called only to choose a plan.
    """
    plan, nproc = flags.plan, flags.nproc_per_node
    if nproc is not None and nproc < 1:
        reason = reasons.flag_too_small(flag="--nproc_per_node", min=1, value=nproc)
        raise failures.flag_invalid(reasons=[reason])
    if plan is None:
        count = nproc or 1
        context = _plan_context(flags, shape, PlanDevices(kind, count, island_size(count)))
        return recommend_plan(context).plan
    if nproc is not None and plan.world_size != nproc and min(plan.degrees) >= 1:
        reason = reasons.ranks_differ(ranks=plan.world_size, nproc=nproc)
        raise failures.plan_invalid(reasons=[reason])
    return plan


def _plan_context(flags: Flags, shape: ModelShape, devices: PlanDevices) -> PlanContext:
    params = flags.settings(shape, Plan())
    return PlanContext(shape, devices, params.guidance_scale, len(flags.prompts), params.offload, params.quality)


def make_parser(program: str) -> argparse.ArgumentParser:
    parser = Parser(program, "Generate videos from text prompts.")
    add = parser.add_argument
    add("--model", required=True, help="a model folder, a catalog name or demo")
    add("--prompt", nargs="+", default=[], help="one or more prompts; one video each")
    add("--prompt_file", type=Path, help="a text file with one prompt per line")
    add("--negative_prompt", nargs="*", default=[], help="one for all prompts, or one for each")
    add("--image", type=Path, help="the first frame, for image to video (PNG, JPEG or WebP)")
    add("--nproc_per_node", type=int, help="number of ranks (default: the product of the degrees)")
    add("--ulysses_degree", type=int, help="split attention heads")
    add("--ring_degree", type=int, help="split the sequence; keys and values travel in a ring")
    add("--use_cfg_parallel", action="store_true", help="compute the two halves of guidance in parallel")
    add("--tensor_parallel_degree", type=int, help="split the weights")
    add("--pipefusion_parallel_degree", type=int, help="split the blocks into pipeline stages")
    add("--data_parallel_degree", type=int, help="make several videos at the same time")
    add("--seed", type=int, default=_DEFAULT_SEED, help="random seed (default: %(default)s)")
    add("--dtype", choices=_DTYPES, default="auto", help="default: bfloat16 on CUDA, float32 on the CPU")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    _add_sampling_flags(parser)
    add("--output_dir", type=Path, default=Path("results"), help="folder for the videos (default: %(default)s)")
    add("--save_latents", type=Path, help="write the final latents to this safetensors file (B F C H W, float32)")
    return parser


def _add_sampling_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for each sampling parameter; those that are not given keep their defaults."""
    types = get_type_hints(SamplingParams)
    for field in fields(SamplingParams):
        kind, flag = types[field.name], f"--{field.name}"
        if field.name == "loras":
            parser.add_argument(
                "--lora",
                nargs="+",
                action="append",
                metavar=("FILE", "STRENGTH"),
                help="a LoRA file and its strength (default: 1); can be repeated",
            )
        elif kind is Offload:
            # The original script has two switches instead of one choice.
            parser.add_argument("--enable_model_cpu_offload", action="store_true")
            parser.add_argument("--enable_sequential_cpu_offload", action="store_true")
        elif kind is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS)
            parser.add_argument(
                f"--no_{field.name}",
                dest=field.name,
                action="store_false",
                default=argparse.SUPPRESS,
                help=argparse.SUPPRESS,
            )
        else:
            choices = tuple(kind) if issubclass(kind, StrEnum) else None
            parser.add_argument(
                flag, type=kind, choices=choices, default=argparse.SUPPRESS, help=_SAMPLING_HELP.get(field.name)
            )


def parse_flags(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Flags:
    """Raises FLAG_INVALID or PROMPT_FILE_UNREADABLE."""
    given = parser.parse_args([underscored(argument) for argument in arguments])
    values: dict[str, object] = vars(given)
    for name in _RANK_FLAGS:
        count = cast("int | None", values[name])
        if count is not None and count > MAX_DEGREE:
            reason = reasons.flag_too_large(flag=f"--{name}", max=MAX_DEGREE, value=count)
            raise failures.flag_invalid(reasons=[reason])
    if values["enable_model_cpu_offload"] and values["enable_sequential_cpu_offload"]:
        flag, other = "--enable_model_cpu_offload", "--enable_sequential_cpu_offload"
        raise failures.flag_invalid(reasons=[reasons.flags_exclusive(flag=flag, other=other)])
    sampling = {field.name: values[field.name] for field in fields(SamplingParams) if field.name in values}
    if values["enable_model_cpu_offload"]:
        sampling["offload"] = Offload.MODEL
    elif values["enable_sequential_cpu_offload"]:
        sampling["offload"] = Offload.SEQUENTIAL
    if values["lora"]:
        sampling["loras"] = tuple(_lora_of(*given) for given in cast("list[list[str]]", values["lora"]))
    # No prompt counts as an empty one, and is refused like one.
    prompts = tuple(cast("list[str]", values["prompt"])) + _prompts_of(cast("Path | None", values["prompt_file"]))
    prompts = prompts or ("",)
    negative = tuple(cast("list[str]", values["negative_prompt"])) or ("",)
    _check_prompts(prompts, negative)
    names = set(Flags.__dataclass_fields__) - {"prompts", "negative_prompts", "sampling", "overwrite", "ignored"}
    shared = {name: values[name] for name in names}
    return Flags(
        prompts=prompts,
        negative_prompts=negative,
        sampling=sampling,
        overwrite=bool(values.get("overwrite")),
        ignored=tuple(cast("list[str]", values.get("ignored", []))),
        **shared,  # type: ignore[arg-type] # argparse has checked each
    )


def _lora_of(file: str, strength: str = "1", *more: str) -> Lora:
    """Raises FLAG_INVALID, LORA_MISSING or LORA_UNUSABLE."""
    try:
        number = float(strength)
    except ValueError:
        number = math.nan
    if more or not math.isfinite(number):
        raise failures.flag_invalid(reasons=[reasons.lora_flag_values(flag="--lora")])
    path = Path(file).absolute()
    return Lora(str(path), hash_lora(path), number)


def _check_prompts(prompts: tuple[str, ...], negative: tuple[str, ...]) -> None:
    """Raises FLAG_INVALID."""
    if len(negative) not in {1, len(prompts)}:
        reason = reasons.negative_prompts_differ(negative=len(negative), prompts=len(prompts))
        raise failures.flag_invalid(reasons=[reason])
    for not_text, texts in ((reasons.prompt_not_text, prompts), (reasons.negative_prompt_not_text, negative)):
        for number, text in enumerate(texts, start=1):
            # Python reads bytes that aren't UTF-8 as lone surrogates, which no tokenizer accepts.
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise failures.flag_invalid(reasons=[not_text(number=number)])


def _prompts_of(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_PROMPT_FILE_BYTES + 1)
        if len(content) > _MAX_PROMPT_FILE_BYTES:
            reason = reasons.prompt_file_too_large(file=file, max=_MAX_PROMPT_FILE_BYTES)
            raise failures.prompt_file_unreadable(file=file, reasons=[reason])
        # Only line breaks end a prompt: splitlines() would also split at U+2028 and other characters of pasted text.
        lines = re.split(r"\r\n|\r|\n", content.decode("utf-8-sig"))
    except OSError as error:
        raise failures.prompt_file_unreadable(file=file, details=error.strerror) from error
    except UnicodeDecodeError as error:
        reason = reasons.prompt_file_not_text(file=file)
        raise failures.prompt_file_unreadable(file=file, reasons=[reason]) from error
    prompts = tuple(line.strip() for line in lines if line.strip())
    if not prompts:
        raise failures.prompt_file_unreadable(file=file, reasons=[reasons.prompt_file_empty(file=file)])
    return prompts
