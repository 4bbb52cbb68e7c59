"""Attention kernels: compared before their first use, refused with a reason, and actually used.

The kernels here are others that torch has on the CPU (its math backend, its flash kernel, and broken ones); the
CUDA ones go through the same chooser in tests/gpu.
"""

from __future__ import annotations

import multiprocessing as mp
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from splitreel.bench.world import RankContext, RunRefused, World
from splitreel.contract.errors import SplitreelError
from splitreel.contract.types import Kernel, Plan
from splitreel.engine.api import EngineJob, LoadOptions, VideoJob
from splitreel.models.cogvideox.random_model import make_model
from splitreel.parallel import sequence
from splitreel.parallel.collectives import Traffic
from splitreel.parallel.groups import MeshBuilder
from splitreel.parallel.kernels import SDPA, AttentionKernel, KernelChooser
from splitreel.parallel.sequence import shared_attention
from splitreel.rules.kernel_trials import KernelNeeds, Trial, TrialsFile, kernel_states, kernel_versions, needs_of
from tests.engine.world import RecordingHooks

Tensor = torch.Tensor
CPU = torch.device("cpu")


def math_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    with sdpa_kernel(SDPBackend.MATH):
        return F.scaled_dot_product_attention(q, k, v)


def math_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return scores.softmax(-1) @ v, torch.logsumexp(scores, -1)


def flash_for_cpu(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    out: Tensor = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, False)[0]
    return out


def unscaled(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, scale=1.0)


def lse_in_base_two(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    out, lse = math_with_lse(q, k, v)
    return out, lse / 0.6931


def breaks(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    raise RuntimeError("no kernel image is available\nfor execution on the device")


class Shelf:
    """Kernels by name, counting how often each is taken down to be tried."""

    def __init__(self) -> None:
        self.kernels = {
            "math": AttentionKernel("math", math_attention, math_with_lse),
            "flash-cpu": AttentionKernel("flash-cpu", flash_for_cpu, None),
            "unscaled": AttentionKernel("unscaled", unscaled, math_with_lse),
            "base-two": AttentionKernel("base-two", math_attention, lse_in_base_two),
            "breaks": AttentionKernel("breaks", breaks, None),
        }
        self.runs = 0

    def chooser(self, trials: TrialsFile | None) -> KernelChooser:
        def maker(name: str) -> AttentionKernel:
            kernel = self.kernels[name]

            def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
                self.runs += 1
                return kernel.attend(q, k, v)

            return AttentionKernel(name, attend, kernel.attend_with_lse)

        makers = {name: (lambda name=name: maker(name)) for name in self.kernels}
        return KernelChooser(CPU, trials, needs=lambda name: KernelNeeds(name, (0, 0)), makers=makers)


def refused(chooser: KernelChooser, name: str, *, with_ring: bool = False) -> str:
    with pytest.raises(SplitreelError) as caught:
        chooser.choose(name, torch.float32, 64, with_ring=with_ring)
    assert caught.value.code == "KERNEL_UNAVAILABLE"
    return caught.value.error.reasons[0].code


def test_a_kernel_is_compared_once_on_a_machine(tmp_path: Path) -> None:
    shelf, trials = Shelf(), TrialsFile(tmp_path / "cache" / "kernels.json")
    first = shelf.chooser(trials)
    assert first.choose("math", torch.float32, 64, with_ring=True).name == "math"
    assert shelf.runs == 1
    first.choose("math", torch.float32, 64, with_ring=True)
    shelf.chooser(trials).choose("math", torch.float32, 64, with_ring=True)
    assert shelf.runs == 1, "the trial was kept"
    shelf.chooser(trials).choose("math", torch.float32, 32, with_ring=True)
    assert shelf.runs == 2, "another head width is another trial"


def test_a_failed_trial_is_refused_and_remembered(tmp_path: Path) -> None:
    shelf, trials = Shelf(), TrialsFile(tmp_path / "kernels.json")
    for _ in range(2):
        assert refused(shelf.chooser(trials), "unscaled") == "kernel_differs"
        assert refused(shelf.chooser(trials), "breaks") == "kernel_failed"
    assert shelf.runs == 2
    assert [trial.problem for trial in trials.read()] == [None, "no kernel image is available"]


class CompilerError(Exception):
    """Like those of FlashAttention 4's compiler, no RuntimeError."""


@pytest.mark.parametrize(
    ("error", "is_remembered"),
    [(CompilerError("no code for sm_120"), True), (OSError("No space left on device"), False)],
)
def test_a_kernel_may_fail_with_any_error(error: Exception, is_remembered: bool, tmp_path: Path) -> None:
    def fails(q: Tensor, k: Tensor, v: Tensor) -> NoReturn:
        raise error

    def fails_later(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return fails(q, k, v) if q.shape[2] > 2000 else math_attention(q, k, v)

    shelf, trials = Shelf(), TrialsFile(tmp_path / "kernels.json")
    shelf.kernels["breaks"] = AttentionKernel("breaks", fails, None)
    shelf.kernels["math"] = AttentionKernel("math", fails_later, fails)
    chooser = shelf.chooser(trials)
    assert refused(chooser, "breaks") == "kernel_failed"
    assert [trial.kernel for trial in trials.read()] == (["breaks"] if is_remembered else [])
    assert refused(chooser, "math", with_ring=True) == "kernel_without_ring"
    q = torch.randn(1, 1, 2048, 8)
    found = chooser.choose("math", torch.float32, 8, with_ring=False).attend(q, q, q)
    assert torch.equal(found, F.scaled_dot_product_attention(q, q, q))


def test_a_kernel_that_fails_while_it_is_timed_is_not_the_fastest(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDPA runs in its place, and may take less time than before by chance."""
    shelf = Shelf()
    chooser = shelf.chooser(None)
    monkeypatch.setattr(chooser, "_device", torch.device("cuda", 0))
    monkeypatch.setattr(chooser, "choose", lambda name, *_, **__: shelf.kernels[name])

    def seconds(kernel: AttentionKernel, *_: object) -> float:
        if kernel.name == "breaks":
            chooser.failed.add("breaks")
        return {"sdpa": 3.0, "math": 2.0, "breaks": 1.0}.get(kernel.name, 4.0)

    monkeypatch.setattr(chooser, "_seconds", seconds)
    assert chooser.fastest(torch.bfloat16, 64, with_ring=False) == "math"


def test_a_kernel_that_fails_after_its_trial_is_replaced_by_sdpa_and_reported_once() -> None:
    def small_only(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if q.shape[2] > 2000:
            raise RuntimeError("too many tokens\nfor this kernel")
        return math_attention(q, k, v)

    shelf = Shelf()
    shelf.kernels["math"] = AttentionKernel("math", small_only, math_with_lse)
    chooser = shelf.chooser(None)
    kernel = chooser.choose("math", torch.float32, 8, with_ring=False)
    q = torch.randn(1, 1, 2048, 8)
    for _ in range(2):
        assert torch.equal(kernel.attend(q, q, q), F.scaled_dot_product_attention(q, q, q))
    assert chooser.failures == [
        "The attention kernel math failed at (1, 1, 2048, 8), and SDPA runs instead: too many tokens"
    ]
    assert chooser.failed == {"math"}, "it isn't reported as the kernel that ran, nor chosen by itself again"


def test_running_out_of_memory_does_not_count_as_a_failed_kernel() -> None:
    def out_of_memory(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if q.shape[2] > 2000:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return math_attention(q, k, v)

    shelf = Shelf()
    shelf.kernels["math"] = AttentionKernel("math", out_of_memory, None)
    chooser = shelf.chooser(None)
    q = torch.randn(1, 1, 2048, 8)
    with pytest.raises(torch.OutOfMemoryError):
        chooser.choose("math", torch.float32, 8, with_ring=False).attend(q, q, q)
    assert chooser.failures == []


@pytest.mark.parametrize("name", ["flash-cpu", "base-two"])
def test_ring_only_accepts_kernels_with_a_correct_log_sum_exp(name: str) -> None:
    chooser = Shelf().chooser(None)
    assert chooser.choose(name, torch.float32, 64, with_ring=False).attend_with_lse is None
    assert refused(chooser, name, with_ring=True) == "kernel_without_ring"


def test_a_damaged_trials_file_counts_as_empty(tmp_path: Path) -> None:
    file = tmp_path / "kernels.json"
    file.write_text('{"trials": [{"kernel": "ma')
    trials = TrialsFile(file)
    Shelf().chooser(trials).choose("math", torch.float32, 64, with_ring=False)
    assert [trial.kernel for trial in trials.read()] == ["math"]


def test_the_products_own_kernels_need_a_gpu() -> None:
    chooser = KernelChooser(CPU, None)
    assert chooser.choose("sdpa", torch.float32, 64, with_ring=True) is SDPA
    for name in ("cudnn", "flash", "flash3", "flash4"):
        assert refused(chooser, name) == "kernel_needs_gpu"


def test_the_window_gets_the_reason_why_a_kernel_cannot_be_chosen(tmp_path: Path) -> None:
    trials = TrialsFile(tmp_path / "kernels.json")

    def codes(*capabilities: tuple[int, int]) -> list[str | None]:
        return [None if state.reason is None else state.reason.code for state in kernel_states(capabilities, trials)]

    assert codes() == [None] + ["kernel_needs_gpu"] * 4
    assert codes((7, 5)) == [None] + ["kernel_needs_newer_gpu"] * 4
    absent = "kernel_not_installed"
    assert codes((9, 0), (8, 6)) == [None, None, None, "kernel_needs_newer_gpu", "kernel_needs_newer_gpu"], (
        "the weakest GPU decides"
    )
    assert codes((9, 0)) == [None, None, None, absent, absent]
    versions = kernel_versions(needs_of("cudnn"))
    trials.add(Trial("cudnn", versions, "NVIDIA X", "torch.bfloat16", 64, 0.5, None))
    assert codes((9, 0))[1] == "kernel_differs", "what a trial has shown is remembered"


def test_ring_sends_the_next_keys_before_computing_with_the_current_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the order of events, on a link that is played: what comes next travels while the present part is computed."""
    events: list[str] = []

    class Work:
        def __init__(self, number: int) -> None:
            self.number = number

        def wait(self) -> None:
            events.append(f"wait {self.number}")

    def ring_shift(tensor: Tensor, shape: tuple[int, ...], *_: object) -> tuple[Tensor, list[Work]]:
        number = sum(event.startswith("send") for event in events) + 1
        events.append(f"send {number}")
        return tensor.new_zeros(shape), [Work(number)]

    def attend_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        events.append("compute")
        return math_with_lse(q, k, v)

    monkeypatch.setattr(sequence, "ring_shift", ring_shift)
    monkeypatch.setattr(dist, "new_group", lambda ranks: None)
    mesh = MeshBuilder(0).mesh(Plan(ring=3))
    assert mesh is not None
    q = torch.randn(1, 2, 4, 8)
    kernel = AttentionKernel("watched", math_attention, attend_with_lse)
    shared_attention(q, q, q, [4, 4, 4], mesh, Traffic(), kernel)
    assert events == ["send 1", "compute", "wait 1", "send 2", "compute", "wait 2", "compute"]


def _rank(rank: int, plan: Plan, store: str, pipe: Connection) -> None:
    """Attention over 11 tokens that two ranks share, by a kernel that counts; sends the counts and the result."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=2, timeout=timedelta(seconds=120)
    )
    counts = {"plain": 0, "lse": 0}

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        counts["plain"] += 1
        return math_attention(q, k, v)

    def attend_with_lse(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        counts["lse"] += 1
        return math_with_lse(q, k, v)

    whole = torch.randn(3, 1, 4, 11, 8, generator=torch.Generator().manual_seed(3))
    own = [part.contiguous() for part in torch.split(whole, [6, 5], dim=3)[rank]]
    mesh = MeshBuilder(rank).mesh(plan)
    assert mesh is not None
    kernel = AttentionKernel("counting", attend, attend_with_lse)
    out = shared_attention(own[0], own[1], own[2], [6, 5], mesh, Traffic(), kernel)
    expected = torch.split(F.scaled_dot_product_attention(*whole), [6, 5], dim=2)[rank]
    pipe.send((counts, float((out - expected).abs().max())))
    pipe.recv()


@pytest.mark.parametrize(
    ("plan", "counts"), [(Plan(ulysses=2), {"plain": 1, "lse": 0}), (Plan(ring=2), {"plain": 0, "lse": 2})]
)
def test_the_chosen_kernel_computes_inside_ulysses_and_ring(plan: Plan, counts: dict[str, int], tmp_path: Path) -> None:
    context = mp.get_context("fork")
    pipes, processes = [], []
    for rank in range(2):
        ours, theirs = context.Pipe()
        process = context.Process(target=_rank, args=(rank, plan, str(tmp_path / "store"), theirs), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        assert pipe.poll(120)
        ran, difference = pipe.recv()
        assert ran == counts
        assert difference < 1e-5
    for pipe, process in zip(pipes, processes, strict=True):
        pipe.send(None)
        process.join(10)
        process.kill()


def _make(context: RankContext, case: tuple[Path, Kernel]) -> Kernel:
    engine, (folder, kernel) = context.engine, case
    engine.load(folder, Plan(ulysses=2), LoadOptions(), RecordingHooks())
    job = EngineJob(48, 32, 9, 1, videos=(VideoJob("a dog", "", 1),), attention=kernel)
    return engine.generate(job, Plan(ulysses=2), RecordingHooks()).kernel


def test_a_kernel_that_cannot_run_is_refused_on_every_rank_and_the_next_job_runs(tmp_path: Path) -> None:
    make_model("t2v-2b", tmp_path / "model")
    with World(2, "cpu") as world:
        with pytest.raises(RunRefused, match="cudnn needs an NVIDIA GPU"):
            world.run(_make, (tmp_path / "model", Kernel.CUDNN), timeout_s=120)
        assert world.run(_make, (tmp_path / "model", Kernel.SDPA), timeout_s=120) == [Kernel.SDPA] * 2


@pytest.mark.parametrize(
    ("operator", "arguments", "results"),
    [
        ("_scaled_dot_product_flash_attention_for_cpu", "query key value dropout_p is_causal", "output logsumexp"),
        ("_scaled_dot_product_flash_attention", "query key value", "output logsumexp"),
        ("_scaled_dot_product_cudnn_attention", "query key value attn_bias compute_log_sumexp", "output logsumexp"),
        (
            "_scaled_dot_product_efficient_attention",
            "query key value attn_bias compute_log_sumexp",
            "output log_sumexp",
        ),
        ("_fused_sdp_choice", "query key value", ""),
    ],
)
def test_torchs_private_operators_are_as_we_call_them(operator: str, arguments: str, results: str) -> None:
    """They are private and may change with any version of torch. Those for CUDA can't run here, but have a schema."""
    schema = getattr(torch.ops.aten, operator).default._schema
    assert [argument.name for argument in schema.arguments][: len(arguments.split())] == arguments.split()
    assert [result.name for result in schema.returns if result.name][: len(results.split())] == results.split()


def test_private_operators_are_called_only_on_known_versions_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    attend = SDPA.attend_with_lse
    assert attend is not None
    q = torch.randn(1, 1, 4, 8)
    assert attend(q, q, q)[1].shape == (1, 1, 4)
    monkeypatch.setattr(torch, "__version__", "3.0.1")
    with pytest.raises(RuntimeError, match=r"torch 3\.0\.1"):
        attend(q, q, q)


def test_private_operators_are_called_in_one_place() -> None:
    package = Path(sequence.__file__).parents[1]
    sources = {file.name: file.read_text("utf-8").count("ops.aten") for file in package.rglob("*.py")}
    assert {name: count for name, count in sources.items() if count > 0} == {"kernels.py": 1}
