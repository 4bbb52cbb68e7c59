"""Time from Generate to a playable file, with the real supervisor and ranks, driven as the app drives them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from splitreel.bench.table import Value
from splitreel.contract.devices import cpu_devices
from splitreel.contract.errors import SplitreelError
from splitreel.contract.protocol import (
    Event,
    JobFailed,
    JobFinished,
    JobReport,
    Shutdown,
    StartJob,
    VideoFinished,
    WorkerVideo,
)
from splitreel.contract.types import Plan, SamplingParams
from splitreel.demo.clips import Frame
from splitreel.worker.supervisor.supervisor import Supervisor

_PROMPT = "a red ball rolls to the right on a blue background"


class _Player:
    """Sends the same job twice and measures the time from each request to its video."""

    def __init__(self, jobs: list[StartJob]) -> None:
        self._jobs = jobs
        self.supervisor = Supervisor(self._on_event, None)
        self._sent_at = 0.0
        self.seconds: list[float] = []
        self.reports: list[JobReport] = []
        self.failure: SplitreelError | None = None

    def play(self) -> None:
        self._send()
        self.supervisor.run()
        if self.failure is not None:
            raise self.failure

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self.supervisor.post(self._jobs.pop(0))

    def _on_event(self, event: Event) -> None:
        match event:
            case VideoFinished():
                self.seconds.append(time.perf_counter() - self._sent_at)
            case JobFinished():
                self.reports.append(event.report)
                if self._jobs:
                    self._send()
                else:
                    self.supervisor.post(Shutdown())
            case JobFailed():
                self.failure = SplitreelError.from_error(event.error)
                self.supervisor.post(Shutdown())
            case _:
                pass


def time_to_play(model: Path, frame: Frame, steps: int, guidance: float, plan: Plan) -> dict[str, Value]:
    """Seconds from the request to the file: from new processes (cold), then again (warm), with the warm run's stages."""
    settings = SamplingParams(
        width=frame.width,
        height=frame.height,
        num_frames=frame.frames,
        num_inference_steps=steps,
        guidance_scale=guidance,
    )
    with tempfile.TemporaryDirectory(prefix="splitreel-play-") as folder:
        jobs = [
            StartJob(
                job_id=name,
                model_id="demo",
                model_path=str(model),
                settings=settings,
                videos=(WorkerVideo(_PROMPT, "", 42, None, str(Path(folder) / f"{name}.mp4")),),
                plan=plan,
                devices=cpu_devices(plan.world_size),
                preview_folder=None,
            )
            for name in ("cold", "warm")
        ]
        player = _Player(jobs)
        player.play()
    stages: dict[str, Value] = {
        f"{stage.stage.value}_s": stage.duration_ms / 1000 for stage in player.reports[1].stages
    }
    return {"cold_s": player.seconds[0], "warm_s": player.seconds[1], **stages}
