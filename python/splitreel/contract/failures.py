"""Errors, one function for each code.

Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from splitreel.contract.errors import Extra, SplitreelError
from splitreel.contract.kinds import PathText, StageName, exit_value, names_text, path_text, printable


def request_invalid(**extra: Unpack[Extra]) -> SplitreelError:
    """This video can't be made with these settings."""
    return SplitreelError("REQUEST_INVALID", {}, **extra)


def plan_invalid(**extra: Unpack[Extra]) -> SplitreelError:
    """The work can't be split this way."""
    return SplitreelError("PLAN_INVALID", {}, **extra)


def model_missing(*, path: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """There is no model at {path}."""
    return SplitreelError("MODEL_MISSING", {"path": path_text(path)}, **extra)


def model_not_downloaded(*, name: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{name} hasn't been downloaded yet."""
    return SplitreelError("MODEL_NOT_DOWNLOADED", {"name": printable(name)}, **extra)


def model_incomplete(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} is missing from the model or incomplete."""
    return SplitreelError("MODEL_INCOMPLETE", {"file": path_text(file)}, **extra)


def model_corrupt(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} in the model is damaged."""
    return SplitreelError("MODEL_CORRUPT", {"file": path_text(file)}, **extra)


def model_unsupported(*, kind: str, **extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel doesn't support {kind} models."""
    return SplitreelError("MODEL_UNSUPPORTED", {"kind": printable(kind)}, **extra)


def model_unsafe(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} was refused, because opening it could run code."""
    return SplitreelError("MODEL_UNSAFE", {"file": path_text(file)}, **extra)


def lora_missing(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The LoRA {file} can't be found or opened."""
    return SplitreelError("LORA_MISSING", {"file": path_text(file)}, **extra)


def lora_unusable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The LoRA {file} can't be used."""
    return SplitreelError("LORA_UNUSABLE", {"file": path_text(file)}, **extra)


def lora_changed(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The LoRA {file} has changed since it was chosen."""
    return SplitreelError("LORA_CHANGED", {"file": path_text(file)}, **extra)


def video_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} isn't a video that Splitreel can play."""
    return SplitreelError("VIDEO_UNREADABLE", {"file": path_text(file)}, **extra)


def videos_not_joinable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} can't be joined to the video it continues."""
    return SplitreelError("VIDEOS_NOT_JOINABLE", {"file": path_text(file)}, **extra)


def continued_video_missing(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} has been moved or deleted, so the new part couldn't be joined to it."""
    return SplitreelError("CONTINUED_VIDEO_MISSING", {"file": path_text(file)}, **extra)


def export_unavailable(*, codec: str, **extra: Unpack[Extra]) -> SplitreelError:
    """FFmpeg on this computer has no {codec} encoder."""
    return SplitreelError("EXPORT_UNAVAILABLE", {"codec": printable(codec)}, **extra)


def model_gated(*, repo: str, **extra: Unpack[Extra]) -> SplitreelError:
    """You need to accept the license of {repo} before you can download it."""
    return SplitreelError("MODEL_GATED", {"repo": printable(repo)}, **extra)


def model_in_use(*, name: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{name} is being used by a job or a download."""
    return SplitreelError("MODEL_IN_USE", {"name": printable(name)}, **extra)


def hub_token_refused(**extra: Unpack[Extra]) -> SplitreelError:
    """Hugging Face didn't accept this token."""
    return SplitreelError("HUB_TOKEN_REFUSED", {}, **extra)


def hub_model_not_found(*, repo: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{repo} wasn't found on Hugging Face, or it is private."""
    return SplitreelError("HUB_MODEL_NOT_FOUND", {"repo": printable(repo)}, **extra)


def hub_answer_broken(**extra: Unpack[Extra]) -> SplitreelError:
    """Hugging Face sent an unexpected response."""
    return SplitreelError("HUB_ANSWER_BROKEN", {}, **extra)


def hub_address_invalid(*, address: str, **extra: Unpack[Extra]) -> SplitreelError:
    """Models can't be downloaded from {address}."""
    return SplitreelError("HUB_ADDRESS_INVALID", {"address": printable(address)}, **extra)


def hub_unreachable(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} can't be reached."""
    return SplitreelError("HUB_UNREACHABLE", {"host": printable(host)}, **extra)


def download_interrupted(**extra: Unpack[Extra]) -> SplitreelError:
    """The download was interrupted."""
    return SplitreelError("DOWNLOAD_INTERRUPTED", {}, **extra)


def download_corrupt(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} arrived damaged twice."""
    return SplitreelError("DOWNLOAD_CORRUPT", {"file": path_text(file)}, **extra)


def catalog_invalid(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} isn't a valid list of models."""
    return SplitreelError("CATALOG_INVALID", {"file": path_text(file)}, **extra)


def environment_missing(**extra: Unpack[Extra]) -> SplitreelError:
    """The Python environment isn't installed yet."""
    return SplitreelError("ENVIRONMENT_MISSING", {}, **extra)


def environment_install_failed(**extra: Unpack[Extra]) -> SplitreelError:
    """The Python environment couldn't be installed."""
    return SplitreelError("ENVIRONMENT_INSTALL_FAILED", {}, **extra)


def environment_broken(**extra: Unpack[Extra]) -> SplitreelError:
    """The Python environment doesn't work."""
    return SplitreelError("ENVIRONMENT_BROKEN", {}, **extra)


def doctor_failed(**extra: Unpack[Extra]) -> SplitreelError:
    """The system check didn't finish."""
    return SplitreelError("DOCTOR_FAILED", {}, **extra)


def install_running(**extra: Unpack[Extra]) -> SplitreelError:
    """The Python environment is being installed."""
    return SplitreelError("INSTALL_RUNNING", {}, **extra)


def generation_running(**extra: Unpack[Extra]) -> SplitreelError:
    """This isn't possible while a video is being generated."""
    return SplitreelError("GENERATION_RUNNING", {}, **extra)


def models_in_use(**extra: Unpack[Extra]) -> SplitreelError:
    """Models can't be moved while a job, a download or another move is running."""
    return SplitreelError("MODELS_IN_USE", {}, **extra)


def move_running(**extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel is still moving files."""
    return SplitreelError("MOVE_RUNNING", {}, **extra)


def storage_in_use(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{folder} is in use."""
    return SplitreelError("STORAGE_IN_USE", {"folder": path_text(folder)}, **extra)


def environment_in_use(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """A program is running from the Python environment in {folder}."""
    return SplitreelError("ENVIRONMENT_IN_USE", {"folder": path_text(folder)}, **extra)


def bundle_incomplete(*, bundle: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{bundle} isn't a complete bundle."""
    return SplitreelError("BUNDLE_INCOMPLETE", {"bundle": path_text(bundle)}, **extra)


def bundle_for_other_machine(*, bundle: PathText, found: str, expected: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{bundle} is for {found}, and this computer is {expected}."""
    return SplitreelError(
        "BUNDLE_FOR_OTHER_MACHINE",
        {"bundle": path_text(bundle), "found": printable(found), "expected": printable(expected)},
        **extra,
    )


def bundle_of_other_version(*, bundle: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{bundle} was made with another version of Splitreel."""
    return SplitreelError("BUNDLE_OF_OTHER_VERSION", {"bundle": path_text(bundle)}, **extra)


def python_missing(**extra: Unpack[Extra]) -> SplitreelError:
    """No suitable Python with pip was found."""
    return SplitreelError("PYTHON_MISSING", {}, **extra)


def python_unavailable(*, versions: Iterable[str], **extra: Unpack[Extra]) -> SplitreelError:
    """Python couldn't be downloaded, and this computer has no Python {versions}."""
    return SplitreelError("PYTHON_UNAVAILABLE", {"versions": names_text(versions)}, **extra)


def no_file_locks(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The disk with {folder} doesn't support file locks, which the installer needs."""
    return SplitreelError("NO_FILE_LOCKS", {"folder": path_text(folder)}, **extra)


def machine_unsupported(*, machine: str, **extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel can't install its environment on {machine}."""
    return SplitreelError("MACHINE_UNSUPPORTED", {"machine": printable(machine)}, **extra)


def package_changed(*, package: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The package {package} isn't the one this version of Splitreel expects."""
    return SplitreelError("PACKAGE_CHANGED", {"package": printable(package)}, **extra)


def folder_not_empty(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{folder} isn't empty."""
    return SplitreelError("FOLDER_NOT_EMPTY", {"folder": path_text(folder)}, **extra)


def folder_nested(*, folder: PathText, outer: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{folder} is inside {outer}."""
    return SplitreelError("FOLDER_NESTED", {"folder": path_text(folder), "outer": path_text(outer)}, **extra)


def folder_read_only(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel can't write to {folder}."""
    return SplitreelError("FOLDER_READ_ONLY", {"folder": path_text(folder)}, **extra)


def network_unreachable(**extra: Unpack[Extra]) -> SplitreelError:
    """The package index couldn't be reached."""
    return SplitreelError("NETWORK_UNREACHABLE", {}, **extra)


def certificate_untrusted(**extra: Unpack[Extra]) -> SplitreelError:
    """This computer doesn't trust the certificate of the package index or of your proxy."""
    return SplitreelError("CERTIFICATE_UNTRUSTED", {}, **extra)


def disk_full(*, folder: PathText, needed_bytes: int, free_bytes: int, **extra: Unpack[Extra]) -> SplitreelError:
    """{folder} needs {neededBytes} of free space, but only {freeBytes} is free."""
    return SplitreelError(
        "DISK_FULL", {"folder": path_text(folder), "neededBytes": needed_bytes, "freeBytes": free_bytes}, **extra
    )


def disk_ran_full(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The disk that holds {folder} is full."""
    return SplitreelError("DISK_RAN_FULL", {"folder": path_text(folder)}, **extra)


def output_not_writable(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel can't write to {folder}."""
    return SplitreelError("OUTPUT_NOT_WRITABLE", {"folder": path_text(folder)}, **extra)


def output_exists(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} already exists and wasn't overwritten."""
    return SplitreelError("OUTPUT_EXISTS", {"file": path_text(file)}, **extra)


def driver_missing(**extra: Unpack[Extra]) -> SplitreelError:
    """No NVIDIA driver was found."""
    return SplitreelError("DRIVER_MISSING", {}, **extra)


def driver_too_old(*, found: str, needed: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The NVIDIA driver {found} is too old. Version {needed} or newer is needed."""
    return SplitreelError("DRIVER_TOO_OLD", {"found": printable(found), "needed": printable(needed)}, **extra)


def driver_not_responding(**extra: Unpack[Extra]) -> SplitreelError:
    """The NVIDIA driver doesn't respond."""
    return SplitreelError("DRIVER_NOT_RESPONDING", {}, **extra)


def driver_garbled(**extra: Unpack[Extra]) -> SplitreelError:
    """The NVIDIA driver returned output that Splitreel can't read."""
    return SplitreelError("DRIVER_GARBLED", {}, **extra)


def gpu_not_found(*, gpu: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The GPU {gpu} is no longer available."""
    return SplitreelError("GPU_NOT_FOUND", {"gpu": printable(gpu)}, **extra)


def gpu_missing(**extra: Unpack[Extra]) -> SplitreelError:
    """No usable NVIDIA GPU was found."""
    return SplitreelError("GPU_MISSING", {}, **extra)


def cuda_unavailable(*, device: str, **extra: Unpack[Extra]) -> SplitreelError:
    """CUDA doesn't start on {device}."""
    return SplitreelError("CUDA_UNAVAILABLE", {"device": printable(device)}, **extra)


def gpu_oom(*, device: str, rank: int, stage: StageName, **extra: Unpack[Extra]) -> SplitreelError:
    """{device} ran out of memory on worker {rank} during {stage}."""
    return SplitreelError("GPU_OOM", {"device": printable(device), "rank": rank, "stage": str(stage)}, **extra)


def memory_short(
    *, device: str, free_bytes: int, stage: StageName, needed_bytes: int, **extra: Unpack[Extra]
) -> SplitreelError:
    """{device} has {freeBytes} of memory, but {stage} needs {neededBytes}."""
    return SplitreelError(
        "MEMORY_SHORT",
        {"device": printable(device), "freeBytes": free_bytes, "stage": str(stage), "neededBytes": needed_bytes},
        **extra,
    )


def host_oom(*, rank: int, stage: StageName, **extra: Unpack[Extra]) -> SplitreelError:
    """The computer ran out of memory on worker {rank} during {stage}."""
    return SplitreelError("HOST_OOM", {"rank": rank, "stage": str(stage)}, **extra)


def latents_not_finite(**extra: Unpack[Extra]) -> SplitreelError:
    """The model computed invalid numbers (NaN or infinity), which would have become a black video."""
    return SplitreelError("LATENTS_NOT_FINITE", {}, **extra)


def rank_died(*, rank: int, stage: StageName, exit: int | None, **extra: Unpack[Extra]) -> SplitreelError:
    """Worker {rank} stopped unexpectedly during {stage} ({exit})."""
    return SplitreelError("RANK_DIED", {"rank": rank, "stage": str(stage), "exit": exit_value(exit)}, **extra)


def rank_hung(*, rank: int, silent_ms: float, stage: StageName, **extra: Unpack[Extra]) -> SplitreelError:
    """Worker {rank} hasn't responded for {silentMs} during {stage}."""
    return SplitreelError("RANK_HUNG", {"rank": rank, "silentMs": silent_ms, "stage": str(stage)}, **extra)


def worker_died(*, exit: int | None, **extra: Unpack[Extra]) -> SplitreelError:
    """The engine stopped unexpectedly ({exit})."""
    return SplitreelError("WORKER_DIED", {"exit": exit_value(exit)}, **extra)


def worker_hung(*, silent_ms: float, **extra: Unpack[Extra]) -> SplitreelError:
    """The engine didn't respond for {silentMs} and was stopped."""
    return SplitreelError("WORKER_HUNG", {"silentMs": silent_ms}, **extra)


def worker_stopped(**extra: Unpack[Extra]) -> SplitreelError:
    """The engine isn't running."""
    return SplitreelError("WORKER_STOPPED", {}, **extra)


def worker_start_failed(**extra: Unpack[Extra]) -> SplitreelError:
    """The engine couldn't be started."""
    return SplitreelError("WORKER_START_FAILED", {}, **extra)


def protocol_broken(**extra: Unpack[Extra]) -> SplitreelError:
    """The engine sent a message that Splitreel doesn't understand."""
    return SplitreelError("PROTOCOL_BROKEN", {}, **extra)


def canceled(**extra: Unpack[Extra]) -> SplitreelError:
    """Canceled."""
    return SplitreelError("CANCELED", {}, **extra)


def kernel_unavailable(*, kernel: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The attention kernel {kernel} can't be used on this computer."""
    return SplitreelError("KERNEL_UNAVAILABLE", {"kernel": printable(kernel)}, **extra)


def prompt_file_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The prompt file {file} can't be read."""
    return SplitreelError("PROMPT_FILE_UNREADABLE", {"file": path_text(file)}, **extra)


def image_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The image {file} can't be read."""
    return SplitreelError("IMAGE_UNREADABLE", {"file": path_text(file)}, **extra)


def flag_invalid(**extra: Unpack[Extra]) -> SplitreelError:
    """An option of this command can't be used as given."""
    return SplitreelError("FLAG_INVALID", {}, **extra)


def job_not_found(**extra: Unpack[Extra]) -> SplitreelError:
    """This job is no longer in the queue."""
    return SplitreelError("JOB_NOT_FOUND", {}, **extra)


def video_not_found(**extra: Unpack[Extra]) -> SplitreelError:
    """The video file is no longer there."""
    return SplitreelError("VIDEO_NOT_FOUND", {}, **extra)


def videos_failed(*, failed: int, videos: int, **extra: Unpack[Extra]) -> SplitreelError:
    """{failed} of {videos} videos couldn't be generated."""
    return SplitreelError("VIDEOS_FAILED", {"failed": failed, "videos": videos}, **extra)


def trash_failed(**extra: Unpack[Extra]) -> SplitreelError:
    """Deleted videos couldn't be moved to the trash, so they are in the library again."""
    return SplitreelError("TRASH_FAILED", {}, **extra)


def metadata_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} contains no settings that Splitreel can read."""
    return SplitreelError("METADATA_UNREADABLE", {"file": path_text(file)}, **extra)


def presets_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} contains no presets that Splitreel can read."""
    return SplitreelError("PRESETS_UNREADABLE", {"file": path_text(file)}, **extra)


def presets_full(*, max: int, **extra: Unpack[Extra]) -> SplitreelError:
    """You can keep up to {max} presets."""
    return SplitreelError("PRESETS_FULL", {"max": max}, **extra)


def prompts_unreadable(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} isn't a list of prompts."""
    return SplitreelError("PROMPTS_UNREADABLE", {"file": path_text(file)}, **extra)


def store_corrupt(*, file: PathText, backup: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} was damaged. It has been renamed to {backup}."""
    return SplitreelError("STORE_CORRUPT", {"file": path_text(file), "backup": path_text(backup)}, **extra)


def update_key_missing(**extra: Unpack[Extra]) -> SplitreelError:
    """This build has no update key, so it can't check for new versions."""
    return SplitreelError("UPDATE_KEY_MISSING", {}, **extra)


def update_feed_unreachable(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} can't be reached, so Splitreel doesn't know whether there is a newer version."""
    return SplitreelError("UPDATE_FEED_UNREACHABLE", {"host": printable(host)}, **extra)


def update_feed_invalid(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} didn't send a valid update announcement."""
    return SplitreelError("UPDATE_FEED_INVALID", {"host": printable(host)}, **extra)


def update_not_signed(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The update announcement from {host} isn't signed by Splitreel's developers, so it was ignored."""
    return SplitreelError("UPDATE_NOT_SIGNED", {"host": printable(host)}, **extra)


def update_feed_old(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} sent an older announcement than one Splitreel has already seen, so it was ignored."""
    return SplitreelError("UPDATE_FEED_OLD", {"host": printable(host)}, **extra)


def rewrite_off(**extra: Unpack[Extra]) -> SplitreelError:
    """Prompt rewriting isn't set up."""
    return SplitreelError("REWRITE_OFF", {}, **extra)


def rewrite_command_missing(*, name: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The rewriting command {name} was not found."""
    return SplitreelError("REWRITE_COMMAND_MISSING", {"name": printable(name)}, **extra)


def rewrite_command_unstartable(*, name: str, **extra: Unpack[Extra]) -> SplitreelError:
    """The rewriting command {name} couldn't be started."""
    return SplitreelError("REWRITE_COMMAND_UNSTARTABLE", {"name": printable(name)}, **extra)


def rewrite_command_failed(*, name: str, exit: int | None, **extra: Unpack[Extra]) -> SplitreelError:
    """The rewriting command {name} ended with {exit}."""
    return SplitreelError("REWRITE_COMMAND_FAILED", {"name": printable(name), "exit": exit_value(exit)}, **extra)


def rewrite_timed_out(*, limit: float, **extra: Unpack[Extra]) -> SplitreelError:
    """No rewritten prompt came within {limit}."""
    return SplitreelError("REWRITE_TIMED_OUT", {"limit": limit}, **extra)


def rewrite_unreachable(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} can't be reached."""
    return SplitreelError("REWRITE_UNREACHABLE", {"host": printable(host)}, **extra)


def rewrite_key_refused(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} needs an API key, or didn't accept yours."""
    return SplitreelError("REWRITE_KEY_REFUSED", {"host": printable(host)}, **extra)


def rewrite_model_missing(*, host: str, name: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} doesn't have the model {name}, or the server's address is wrong."""
    return SplitreelError("REWRITE_MODEL_MISSING", {"host": printable(host), "name": printable(name)}, **extra)


def rewrite_redirected(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} redirected the request. Splitreel sent nothing to the other address."""
    return SplitreelError("REWRITE_REDIRECTED", {"host": printable(host)}, **extra)


def rewrite_refused(*, host: str, status: float, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} answered with HTTP status {status}."""
    return SplitreelError("REWRITE_REFUSED", {"host": printable(host), "status": status}, **extra)


def rewrite_answer_invalid(*, host: str, **extra: Unpack[Extra]) -> SplitreelError:
    """{host} didn't answer like an OpenAI-compatible server."""
    return SplitreelError("REWRITE_ANSWER_INVALID", {"host": printable(host)}, **extra)


def rewrite_answer_empty(**extra: Unpack[Extra]) -> SplitreelError:
    """The answer contains no prompt."""
    return SplitreelError("REWRITE_ANSWER_EMPTY", {}, **extra)


def rewrite_answer_too_long(**extra: Unpack[Extra]) -> SplitreelError:
    """The answer is too long to be a prompt."""
    return SplitreelError("REWRITE_ANSWER_TOO_LONG", {}, **extra)


def package_damaged(*, file: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """{file} is damaged or belongs to another version."""
    return SplitreelError("PACKAGE_DAMAGED", {"file": path_text(file)}, **extra)


def data_read_only(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """Splitreel can't write to its data folder, {folder}."""
    return SplitreelError("DATA_READ_ONLY", {"folder": path_text(folder)}, **extra)


def data_too_new(*, folder: PathText, **extra: Unpack[Extra]) -> SplitreelError:
    """The data in {folder} belongs to a newer version of Splitreel."""
    return SplitreelError("DATA_TOO_NEW", {"folder": path_text(folder)}, **extra)


def call_refused(**extra: Unpack[Extra]) -> SplitreelError:
    """The window requested something that isn't allowed."""
    return SplitreelError("CALL_REFUSED", {}, **extra)


def internal(**extra: Unpack[Extra]) -> SplitreelError:
    """Something went wrong inside Splitreel."""
    return SplitreelError("INTERNAL", {}, **extra)
