"""A supervisor as the app starts it, for tests: sends commands, waits for events, and finds its processes."""

from __future__ import annotations

import atexit
import json
import math
import os
import queue
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from splitreel.contract import wire
from splitreel.contract.types import Kernel, SamplingParams
from splitreel.contract.variables import DATA_FOLDER
from splitreel.rules.config import Config
from splitreel.store.cogvideox import COGVIDEOX_LAYOUT

PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
HERE = str(Path(__file__).resolve().parent)

FAKE: dict[str, object] = {"engine_module": "fake_engine", "extra_path": HERE}


@cache
def data_folder() -> str:
    """What processes of this run use in place of the user's data folder, which may hold embeddings of earlier runs."""
    folder = tempfile.mkdtemp(prefix="splitreel-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Worker:
    def __init__(self, options: dict[str, object] | None = None, deadlines: dict[str, float] | None = None) -> None:
        read, write = os.pipe()
        program = (
            f"import os, sys; sys.path.insert(0, {PACKAGE_PARENT!r}); os.dup2({write}, 3); "
            "from splitreel.worker.supervisor.serve import serve; from splitreel.worker.supervisor.supervisor import Options; "
            "from splitreel.worker.supervisor.watch import Deadlines; "
            f"sys.exit(serve(Options(**{options or {}!r}, deadlines=Deadlines(**{deadlines or {}!r}))))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", program],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[write],
            env={**os.environ, DATA_FOLDER: data_folder()},
        )
        os.close(write)
        self.events: list[dict[str, Any]] = []
        self.stderr: list[bytes] = []
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, args=(os.fdopen(read, "rb"),), daemon=True).start()
        threading.Thread(target=self._drain, daemon=True).start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            event = json.loads(line)
            self.events.append(event)
            self._queue.put(event)

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr.append(line)

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def wait(self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                event = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                tail = [e for e in self.events if e["type"] != "heartbeat"][-12:]
                raise TimeoutError(f"last events: {tail}\nstderr: {self.stderr[-12:]}") from None
            if wanted(event):
                return event

    def wait_for(self, kind: str, timeout_s: float = 60) -> dict[str, Any]:
        return self.wait(lambda event: event["type"] == kind, timeout_s)

    def wait_end(self, timeout_s: float = 60) -> dict[str, Any]:
        ends = {"jobFinished", "jobFailed", "jobCanceled"}
        return self.wait(lambda event: event["type"] in ends, timeout_s)

    def unload(self) -> None:
        """Ends the ranks of a supervisor that has nothing to do."""
        self.send({"type": "unload"})
        self.wait(lambda event: event["type"] == "engineStateChanged" and event["state"] == "cold")

    def forget(self) -> None:
        """Drops the events so far, so that a test sees its own alone."""
        self._queue = queue.Queue()
        self.events = []

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def rank_pids(self) -> list[int]:
        busy = [e for e in self.of("engineStateChanged") if e["ranks"]]
        pids = [rank["pid"] for rank in busy[-1]["ranks"]]
        # A signal to 0 would go to this process and its group.
        assert all(pid > 0 for pid in pids), busy[-1]
        return pids

    def family(self) -> list[int]:
        """The pids of the supervisor and of all that it started."""
        return [self.process.pid, *descendants(self.process.pid)]

    def zygote(self) -> int:
        """Its pid. The supervisor's other child is the process that reads models."""
        return next(pid for pid in descendants(self.process.pid) if "worker.rank.zygote" in command_line(pid))

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            if int(stat[stat.rindex(")") + 2 :].split()[1]) == pid:
                found += [int(folder.name), *descendants(int(folder.name))]
    return found


def command_line(pid: int) -> str:
    """Empty where the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat[stat.rindex(")") + 2] not in {"Z", "X"}


def all_gone(pids: list[int], within_s: float = 60.0) -> bool:
    """Waits for the end of each, zombies included."""
    return all(_ends(pid, within_s) for pid in pids)


def _ends(pid: int, within_s: float) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([handle], [], [], within_s)
    finally:
        os.close(handle)
    return bool(readable)


def make_model_folder(folder: Path, heads: int = 12, frames: int = 49) -> Path:
    """A folder that passes every check; its weights are holes in sparse files."""
    files: dict[str, dict[str, object]] = {
        "model_index.json": {
            "_class_name": "CogVideoXPipeline",
            "scheduler": ["diffusers", "CogVideoXDDIMScheduler"],
            "text_encoder": ["transformers", "T5EncoderModel"],
            "tokenizer": ["transformers", "T5Tokenizer"],
            "transformer": ["diffusers", "CogVideoXTransformer3DModel"],
            "vae": ["diffusers", "AutoencoderKLCogVideoX"],
        },
        "transformer/config.json": {
            "_class_name": "CogVideoXTransformer3DModel",
            "num_attention_heads": heads,
            "attention_head_dim": 8,
            "num_layers": 8,
            "in_channels": 4,
            "out_channels": 4,
            "time_embed_dim": 16,
            "text_embed_dim": 32,
            "patch_size": 2,
            "patch_size_t": None,
            "max_text_seq_length": 226,
            "use_rotary_positional_embeddings": False,
            "sample_width": 12,
            "sample_height": 8,
            "sample_frames": frames,
        },
        "vae/config.json": {
            "_class_name": "AutoencoderKLCogVideoX",
            "block_out_channels": [8, 8, 8, 8],
            "layers_per_block": 1,
            "norm_num_groups": 2,
            "temporal_compression_ratio": 4,
            "latent_channels": 4,
        },
        "scheduler/scheduler_config.json": {"_class_name": "CogVideoXDDIMScheduler"},
        "text_encoder/config.json": {
            "model_type": "t5", "vocab_size": 64, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4,
        },
        "tokenizer/tokenizer.json": {},
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    for part, tensors in COGVIDEOX_LAYOUT.tensors.items():
        config = Config.of(part, files[f"{part}/config.json"])
        stem = "model" if part == "text_encoder" else "diffusion_pytorch_model"
        write_weights(folder / part / f"{stem}.safetensors", tensors(config))
    return folder


def write_weights(file: Path, tensors: Mapping[str, tuple[int, ...]], dtype: str = "F32") -> None:
    """A safetensors file of zeros that takes no space on the disk."""
    header: dict[str, object] = {}
    end = 0
    for name, shape in tensors.items():
        begin, end = end, end + math.prod(shape) * {"F32": 4, "BF16": 2}.get(dtype, 1)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + end)


SETTINGS = cast(
    "dict[str, object]",
    wire.to_wire(SamplingParams(96, 64, 9, 4, attention=Kernel.SDPA, num_pipeline_patch=1)),
)


def start_job(
    model: Path,
    output: Path,
    prompts: tuple[str, ...] = ("a dog",),
    job_id: str = "j1",
    plan: dict[str, int] | None = None,
    settings: dict[str, object] | None = None,
) -> dict[str, Any]:
    return {
        "type": "startJob",
        "jobId": job_id,
        "modelId": "test",
        "modelPath": str(model),
        "settings": {**SETTINGS, **(settings or {})},
        "videos": [
            {
                "prompt": prompt,
                "negativePrompt": "",
                "seed": index,
                "imagePath": None,
                "rewrittenFrom": None,
                "outputPath": str(output / f"{job_id} {index}.mp4"),
            }
            for index, prompt in enumerate(prompts)
        ],
        "plan": {"dp": 1, "cfg": 1, "pp": 1, "ring": 1, "ulysses": 2, "tp": 1, **(plan or {})},
        "devices": [{"kind": "cpu", "index": index, "uuid": None, "name": "CPU"} for index in range(8)],
        "previewFolder": str(output / "previews"),
    }
