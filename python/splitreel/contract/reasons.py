"""Reasons, one function for each code.

Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable

from splitreel.contract.errors import Reason
from splitreel.contract.kinds import Axis, PathText, Side, exit_value, names_text, path_text, printable, shape_text


def model_file_missing(*, file: PathText) -> Reason:
    """{file} is missing from the model."""
    return Reason("model_file_missing", {"file": path_text(file)})


def model_file_unreadable(*, file: PathText) -> Reason:
    """{file} can't be read."""
    return Reason("model_file_unreadable", {"file": path_text(file)})


def model_file_empty(*, file: PathText) -> Reason:
    """{file} is empty."""
    return Reason("model_file_empty", {"file": path_text(file)})


def model_file_short(*, file: PathText, found: int, expected: int) -> Reason:
    """{file} is incomplete: it has only {found} of {expected} bytes."""
    return Reason("model_file_short", {"file": path_text(file), "found": found, "expected": expected})


def model_file_long(*, file: PathText, found: int, expected: int) -> Reason:
    """{file} is {found} bytes long, but its header describes {expected}."""
    return Reason("model_file_long", {"file": path_text(file), "found": found, "expected": expected})


def model_file_size(*, file: PathText, found: int, expected: int) -> Reason:
    """{file} has {found} bytes instead of {expected}."""
    return Reason("model_file_size", {"file": path_text(file), "found": found, "expected": expected})


def model_file_hash(*, file: PathText) -> Reason:
    """{file} is damaged: it doesn't match its checksum."""
    return Reason("model_file_hash", {"file": path_text(file)})


def model_file_too_large(*, file: PathText, bytes: int, max: int) -> Reason:
    """{file} is {bytes} bytes long, but the limit is {max}."""
    return Reason("model_file_too_large", {"file": path_text(file), "bytes": bytes, "max": max})


def model_too_many_files(*, folder: PathText, max: int) -> Reason:
    """The folder {folder} holds more than {max} files."""
    return Reason("model_too_many_files", {"folder": path_text(folder), "max": max})


def model_lfs_pointer(*, file: PathText) -> Reason:
    """{file} is a Git LFS pointer, not the file itself: run git lfs pull in the model's folder."""
    return Reason("model_lfs_pointer", {"file": path_text(file)})


def model_json_invalid(*, file: PathText) -> Reason:
    """{file} isn't valid JSON."""
    return Reason("model_json_invalid", {"file": path_text(file)})


def model_json_no_object(*, file: PathText) -> Reason:
    """{file} isn't a JSON object."""
    return Reason("model_json_no_object", {"file": path_text(file)})


def model_field_count(*, field: str, file: PathText, min: int, max: int) -> Reason:
    """{field} in {file} must be a whole number from {min} to {max}."""
    return Reason("model_field_count", {"field": printable(field), "file": path_text(file), "min": min, "max": max})


def model_field_flag(*, field: str, file: PathText) -> Reason:
    """{field} in {file} must be true or false."""
    return Reason("model_field_flag", {"field": printable(field), "file": path_text(file)})


def model_field_text(*, field: str, file: PathText) -> Reason:
    """{field} in {file} must be text."""
    return Reason("model_field_text", {"field": printable(field), "file": path_text(file)})


def model_field_list(*, field: str, file: PathText, min: int, max: int) -> Reason:
    """{field} in {file} must be a list with {min} to {max} entries."""
    return Reason("model_field_list", {"field": printable(field), "file": path_text(file), "min": min, "max": max})


def model_field_number(*, field: str, file: PathText, min: float, max: float) -> Reason:
    """{field} in {file} must be a number from {min} to {max}."""
    return Reason("model_field_number", {"field": printable(field), "file": path_text(file), "min": min, "max": max})


def model_field_choice(*, field: str, file: PathText, choices: Iterable[str]) -> Reason:
    """{field} in {file} must be one of these: {choices}."""
    return Reason(
        "model_field_choice", {"field": printable(field), "file": path_text(file), "choices": names_text(choices)}
    )


def model_configs_unusable(*, folder: PathText) -> Reason:
    """The configs in the folder {folder} describe a model that can't be built."""
    return Reason("model_configs_unusable", {"folder": path_text(folder)})


def model_field_implausible(*, field: str, file: PathText) -> Reason:
    """{field} in {file} doesn't match the other values in that file."""
    return Reason("model_field_implausible", {"field": printable(field), "file": path_text(file)})


def model_class_unknown(*, file: PathText, class_name: str) -> Reason:
    """{file} names the class {className}, which Splitreel can't run."""
    return Reason("model_class_unknown", {"file": path_text(file), "className": printable(class_name)})


def model_not_cogvideox(*, repo: str, file: PathText) -> Reason:
    """{repo} isn't a CogVideoX model: it has no {file}."""
    return Reason("model_not_cogvideox", {"repo": printable(repo), "file": path_text(file)})


def model_index_component(*, file: PathText, component: str) -> Reason:
    """{file} must name a library and a class for {component}."""
    return Reason("model_index_component", {"file": path_text(file), "component": printable(component)})


def model_configs_disagree(*, field: str, file: PathText, found: int, other: PathText, expected: int) -> Reason:
    """{field} in {file} is {found}, but {other} needs {expected}: the two files belong to different models."""
    return Reason(
        "model_configs_disagree",
        {
            "field": printable(field),
            "file": path_text(file),
            "found": found,
            "other": path_text(other),
            "expected": expected,
        },
    )


def model_quantized(*, file: PathText) -> Reason:
    """{file} describes quantized weights, which Splitreel can't load."""
    return Reason("model_quantized", {"file": path_text(file)})


def model_weights_scaled(*, file: PathText, tensor: str) -> Reason:
    """{file} holds scaled or quantized weights ({tensor}), which Splitreel can't load."""
    return Reason("model_weights_scaled", {"file": path_text(file), "tensor": printable(tensor)})


def model_weights_named_otherwise(*, file: PathText, found: str) -> Reason:
    """{file} is missing from the model. {found} is there instead: rename it if it contains these weights."""
    return Reason("model_weights_named_otherwise", {"file": path_text(file), "found": printable(found)})


def model_header_invalid(*, file: PathText) -> Reason:
    """{file} isn't a safetensors file: its header is damaged."""
    return Reason("model_header_invalid", {"file": path_text(file)})


def model_index_invalid(*, file: PathText) -> Reason:
    """{file} has no valid weight_map."""
    return Reason("model_index_invalid", {"file": path_text(file)})


def model_index_leads_out(*, file: PathText, name: str) -> Reason:
    """{file} names {name}, which isn't a safetensors file in the same folder."""
    return Reason("model_index_leads_out", {"file": path_text(file), "name": printable(name)})


def model_tensor_invalid(*, tensor: str, file: PathText) -> Reason:
    """The tensor {tensor} in {file} is damaged."""
    return Reason("model_tensor_invalid", {"tensor": printable(tensor), "file": path_text(file)})


def model_tensor_twice(*, tensor: str, file: PathText) -> Reason:
    """The tensor {tensor} in {file} is also in another file of the model."""
    return Reason("model_tensor_twice", {"tensor": printable(tensor), "file": path_text(file)})


def model_tensor_missing(*, tensor: str, file: PathText) -> Reason:
    """The tensor {tensor} is missing from {file}."""
    return Reason("model_tensor_missing", {"tensor": printable(tensor), "file": path_text(file)})


def model_tensor_renamed(*, tensor: str, file: PathText, found: str) -> Reason:
    """The tensor {tensor} is stored in {file} as {found}: the weights were saved under other names."""
    return Reason(
        "model_tensor_renamed", {"tensor": printable(tensor), "file": path_text(file), "found": printable(found)}
    )


def model_tensor_shape(*, tensor: str, file: PathText, found: Iterable[int], expected: Iterable[int]) -> Reason:
    """The tensor {tensor} in {file} has the shape {found}, but the model's config needs {expected}."""
    return Reason(
        "model_tensor_shape",
        {
            "tensor": printable(tensor),
            "file": path_text(file),
            "found": shape_text(found),
            "expected": shape_text(expected),
        },
    )


def model_tensor_dtype(*, tensor: str, file: PathText, dtype: str) -> Reason:
    """The tensor {tensor} in {file} has the type {dtype}, which Splitreel can't load."""
    return Reason(
        "model_tensor_dtype", {"tensor": printable(tensor), "file": path_text(file), "dtype": printable(dtype)}
    )


def model_path_not_text(*, path: PathText) -> Reason:
    """The path {path} contains bytes that aren't UTF-8: rename the folder."""
    return Reason("model_path_not_text", {"path": path_text(path)})


def model_names_code(*, file: PathText) -> Reason:
    """{file} refers to custom code (auto_map)."""
    return Reason("model_names_code", {"file": path_text(file)})


def model_is_code(*, file: PathText) -> Reason:
    """{file} contains program code."""
    return Reason("model_is_code", {"file": path_text(file)})


def model_check_fails(*, file: PathText) -> Reason:
    """{file} can't be checked: reading it fails, or takes more time or memory than allowed."""
    return Reason("model_check_fails", {"file": path_text(file)})


def model_tokenizer_fails(*, file: PathText) -> Reason:
    """{file} can't be used: loading it fails, or takes more time or memory than allowed."""
    return Reason("model_tokenizer_fails", {"file": path_text(file)})


def model_is_pickle(*, file: PathText) -> Reason:
    """{file} is a pickle, which can run code when it is opened."""
    return Reason("model_is_pickle", {"file": path_text(file)})


def model_without_safetensors(*, folder: PathText) -> Reason:
    """{folder} contains no safetensors files."""
    return Reason("model_without_safetensors", {"folder": path_text(folder)})


def model_link_outside(*, file: PathText) -> Reason:
    """{file} is a link to something outside the model's folder."""
    return Reason("model_link_outside", {"file": path_text(file)})


def lora_empty(*, file: PathText) -> Reason:
    """{file} contains no LoRA."""
    return Reason("lora_empty", {"file": path_text(file)})


def lora_text_encoder(*, file: PathText) -> Reason:
    """{file} also changes the text encoder, which Splitreel doesn't support."""
    return Reason("lora_text_encoder", {"file": path_text(file)})


def lora_method_unknown(*, file: PathText, tensor: str) -> Reason:
    """{file} contains {tensor}, which isn't part of a plain LoRA: DoRA, LoKr, LoHa and biases aren't supported."""
    return Reason("lora_method_unknown", {"file": path_text(file), "tensor": printable(tensor)})


def lora_config_invalid(*, file: PathText) -> Reason:
    """{file} has a damaged LoRA config in its header."""
    return Reason("lora_config_invalid", {"file": path_text(file)})


def lora_layer_twice(*, file: PathText, tensor: str) -> Reason:
    """{file} contains the tensor {tensor} under two names."""
    return Reason("lora_layer_twice", {"file": path_text(file), "tensor": printable(tensor)})


def lora_not_finite(*, file: PathText, layer: str) -> Reason:
    """{file} contains numbers that aren't finite for {layer}: it is damaged, or its training failed."""
    return Reason("lora_not_finite", {"file": path_text(file), "layer": printable(layer)})


def lora_path_not_text(*, path: PathText) -> Reason:
    """The path {path} contains bytes that aren't UTF-8: rename the file or its folder."""
    return Reason("lora_path_not_text", {"path": path_text(path)})


def lora_half_missing(*, file: PathText, layer: str) -> Reason:
    """{file} contains only one of the two matrices for {layer}."""
    return Reason("lora_half_missing", {"file": path_text(file), "layer": printable(layer)})


def lora_layer_unknown(*, file: PathText, layer: str) -> Reason:
    """{file} changes {layer}, which this model doesn't have: the LoRA was trained for another model."""
    return Reason("lora_layer_unknown", {"file": path_text(file), "layer": printable(layer)})


def lora_shape(*, layer: str, file: PathText, found: Iterable[int], expected: Iterable[int]) -> Reason:
    """
    {layer} in {file} has the shape {found}, but this model needs {expected}: the LoRA was trained for another model.
    """
    return Reason(
        "lora_shape",
        {
            "layer": printable(layer),
            "file": path_text(file),
            "found": shape_text(found),
            "expected": shape_text(expected),
        },
    )


def lora_dtype(*, file: PathText, layer: str, dtype: str) -> Reason:
    """{file} stores {layer} as {dtype}, which Splitreel can't load."""
    return Reason("lora_dtype", {"file": path_text(file), "layer": printable(layer), "dtype": printable(dtype)})


def loras_too_many(*, loras: int, max: int) -> Reason:
    """{loras} LoRAs are too many: at most {max} can be combined."""
    return Reason("loras_too_many", {"loras": loras, "max": max})


def lora_twice(*, file: PathText) -> Reason:
    """The LoRA {file} is in the list twice. Remove one of the two."""
    return Reason("lora_twice", {"file": path_text(file)})


def lora_strength_out_of_range(*, file: PathText, min: float, max: float, strength: float) -> Reason:
    """The strength of {file} must be from {min} to {max}, not {strength}."""
    return Reason("lora_strength_out_of_range", {"file": path_text(file), "min": min, "max": max, "strength": strength})


def prompt_empty() -> Reason:
    """Describe what the video should show."""
    return Reason("prompt_empty", {})


def prompt_not_unicode() -> Reason:
    """The prompt contains an invalid character: delete it and type it again."""
    return Reason("prompt_not_unicode", {})


def negative_prompt_not_unicode() -> Reason:
    """The negative prompt contains an invalid character: delete it and type it again."""
    return Reason("negative_prompt_not_unicode", {})


def frames_not_allowed(*, frames: float, lower: int, upper: int) -> Reason:
    """{frames} frames aren't possible: choose {lower} or {upper}."""
    return Reason("frames_not_allowed", {"frames": frames, "lower": lower, "upper": upper})


def frames_out_of_range(*, frames: float, min: int, max: int) -> Reason:
    """{frames} frames aren't possible: this model makes {min} to {max}."""
    return Reason("frames_out_of_range", {"frames": frames, "min": min, "max": max})


def size_not_multiple(*, side: Side, value: float, step: int, lower: int, upper: int) -> Reason:
    """A {side} of {value} isn't possible: it must be a multiple of {step}, such as {lower} or {upper}."""
    return Reason("size_not_multiple", {"side": side, "value": value, "step": step, "lower": lower, "upper": upper})


def size_out_of_range(*, side: Side, value: float, min: int, max: int) -> Reason:
    """A {side} of {value} isn't possible: choose {min} to {max}."""
    return Reason("size_out_of_range", {"side": side, "value": value, "min": min, "max": max})


def continuation_differs(*, width: int, height: int, fps: int) -> Reason:
    """A continuation must have the size and frame rate of its video: {width} × {height}, {fps} frames per second."""
    return Reason("continuation_differs", {"width": width, "height": height, "fps": fps})


def join_sizes_differ(*, width: int, height: int, other_width: int, other_height: int) -> Reason:
    """The first part is {width} × {height}, and this one is {otherWidth} × {otherHeight}."""
    return Reason(
        "join_sizes_differ", {"width": width, "height": height, "otherWidth": other_width, "otherHeight": other_height}
    )


def join_rates_differ(*, rate: float, other_rate: float) -> Reason:
    """The first part has {rate} frames per second, and this one has {otherRate}."""
    return Reason("join_rates_differ", {"rate": rate, "otherRate": other_rate})


def join_too_short() -> Reason:
    """This part has no frames after the first one."""
    return Reason("join_too_short", {})


def join_too_many_parts(*, max: int) -> Reason:
    """A joined video has at most {max} parts."""
    return Reason("join_too_many_parts", {"max": max})


def size_fixed(*, width: int, height: int) -> Reason:
    """This model makes {width} × {height} only."""
    return Reason("size_fixed", {"width": width, "height": height})


def steps_out_of_range(*, steps: float, min: int, max: int) -> Reason:
    """{steps} steps aren't possible: choose {min} to {max}."""
    return Reason("steps_out_of_range", {"steps": steps, "min": min, "max": max})


def guidance_out_of_range(*, value: float, min: int, max: int) -> Reason:
    """A guidance of {value} isn't possible: choose {min} to {max}."""
    return Reason("guidance_out_of_range", {"value": value, "min": min, "max": max})


def seed_out_of_range(*, max: int) -> Reason:
    """The seed must be a whole number from 0 to {max}."""
    return Reason("seed_out_of_range", {"max": max})


def videos_out_of_range(*, value: float, min: int, max: int) -> Reason:
    """{value} videos at once aren't possible: choose {min} to {max}."""
    return Reason("videos_out_of_range", {"value": value, "min": min, "max": max})


def image_missing() -> Reason:
    """This model starts from an image. Choose one."""
    return Reason("image_missing", {})


def image_not_used() -> Reason:
    """This model doesn't use an image. Remove it."""
    return Reason("image_not_used", {})


def patches_out_of_range(*, value: float, min: int, max: int) -> Reason:
    """{value} pipeline patches aren't possible: choose {min} to {max}."""
    return Reason("patches_out_of_range", {"value": value, "min": min, "max": max})


def fps_out_of_range(*, min: int, max: int, value: float) -> Reason:
    """Frames per second must be from {min} to {max}, not {value}."""
    return Reason("fps_out_of_range", {"min": min, "max": max, "value": value})


def image_position_out_of_range(*, min: float, max: float, value: float) -> Reason:
    """The position of the image must be from {min} to {max}, not {value}."""
    return Reason("image_position_out_of_range", {"min": min, "max": max, "value": value})


def warmup_out_of_range(*, warmup: float, max: float) -> Reason:
    """{warmup} warm-up steps aren't possible: choose 0 to {max}."""
    return Reason("warmup_out_of_range", {"warmup": warmup, "max": max})


def patches_exceed_tokens(*, patches: int, max: int) -> Reason:
    """{patches} pipeline patches are too many at this size: the maximum is {max}."""
    return Reason("patches_exceed_tokens", {"patches": patches, "max": max})


def offload_needs_gpu() -> Reason:
    """Offloading needs a GPU."""
    return Reason("offload_needs_gpu", {})


def cache_with_pipeline() -> Reason:
    """Fast quality and PipeFusion both reuse earlier steps, so they can't be combined: choose one of them."""
    return Reason("cache_with_pipeline", {})


def offload_with_split() -> Reason:
    """Sequential offloading moves whole blocks, so it can't be combined with tensor parallelism."""
    return Reason("offload_with_split", {})


def kernel_needs_gpu(*, kernel: str) -> Reason:
    """The attention kernel {kernel} needs an NVIDIA GPU."""
    return Reason("kernel_needs_gpu", {"kernel": printable(kernel)})


def kernel_needs_newer_gpu(*, kernel: str, needed: str, found: str) -> Reason:
    """The attention kernel {kernel} needs a GPU of compute capability {needed}; this one has {found}."""
    return Reason(
        "kernel_needs_newer_gpu", {"kernel": printable(kernel), "needed": printable(needed), "found": printable(found)}
    )


def kernel_not_installed(*, kernel: str, package: str) -> Reason:
    """The attention kernel {kernel} needs the package {package}, which isn't installed."""
    return Reason("kernel_not_installed", {"kernel": printable(kernel), "package": printable(package)})


def kernel_failed(*, kernel: str) -> Reason:
    """The attention kernel {kernel} doesn't run on this computer."""
    return Reason("kernel_failed", {"kernel": printable(kernel)})


def kernel_differs(*, kernel: str, difference: float, allowed: float) -> Reason:
    """The attention kernel {kernel} differs from the standard one by {difference}, more than the {allowed} allowed."""
    return Reason("kernel_differs", {"kernel": printable(kernel), "difference": difference, "allowed": allowed})


def kernel_without_ring(*, kernel: str) -> Reason:
    """The attention kernel {kernel} can't be used with Ring, because it returns no log-sum-exp."""
    return Reason("kernel_without_ring", {"kernel": printable(kernel)})


def degree_not_whole(*, axis: Axis) -> Reason:
    """The {axis} degree must be a whole number of at least 1."""
    return Reason("degree_not_whole", {"axis": axis})


def ranks_exceed_gpus(*, ranks: int, devices: int) -> Reason:
    """This split needs {ranks} GPUs, but only {devices} can be used."""
    return Reason("ranks_exceed_gpus", {"ranks": ranks, "devices": devices})


def ranks_exceed_cpu(*, ranks: int, devices: int) -> Reason:
    """This split needs {ranks} CPU workers, but only {devices} can be used."""
    return Reason("ranks_exceed_cpu", {"ranks": ranks, "devices": devices})


def ranks_differ(*, ranks: int, nproc: int) -> Reason:
    """The degrees multiply to {ranks}, but {nproc} processes were started."""
    return Reason("ranks_differ", {"ranks": ranks, "nproc": nproc})


def heads_not_shared(*, heads: int, by: int) -> Reason:
    """{heads} attention heads can't be divided by {by}."""
    return Reason("heads_not_shared", {"heads": heads, "by": by})


def cfg_not_two(*, cfg: int) -> Reason:
    """The CFG degree must be 1 or 2, not {cfg}."""
    return Reason("cfg_not_two", {"cfg": cfg})


def cfg_without_guidance(*, guidance: float) -> Reason:
    """CFG parallelism needs a guidance above 1 (now {guidance})."""
    return Reason("cfg_without_guidance", {"guidance": guidance})


def pipeline_exceeds_blocks(*, blocks: int, pp: int) -> Reason:
    """{blocks} blocks can't be divided among {pp} stages."""
    return Reason("pipeline_exceeds_blocks", {"blocks": blocks, "pp": pp})


def data_exceeds_videos(*, dp: int, videos: int) -> Reason:
    """{dp} groups need at least {dp} videos, but this job makes {videos}."""
    return Reason("data_exceeds_videos", {"dp": dp, "videos": videos})


def flag_unknown(*, flag: str) -> Reason:
    """Unknown option {flag}."""
    return Reason("flag_unknown", {"flag": printable(flag)})


def flag_missing(*, flag: str) -> Reason:
    """The option {flag} is required."""
    return Reason("flag_missing", {"flag": printable(flag)})


def argument_missing(*, argument: str) -> Reason:
    """The argument {argument} is required."""
    return Reason("argument_missing", {"argument": printable(argument)})


def export_format_unknown(*, file: PathText, flag: str) -> Reason:
    """The name {file} doesn't indicate a known format: choose one with {flag}."""
    return Reason("export_format_unknown", {"file": path_text(file), "flag": printable(flag)})


def flag_value_missing(*, flag: str) -> Reason:
    """The option {flag} needs a value."""
    return Reason("flag_value_missing", {"flag": printable(flag)})


def flag_not_whole(*, flag: str) -> Reason:
    """The value of {flag} must be a whole number."""
    return Reason("flag_not_whole", {"flag": printable(flag)})


def flag_not_number(*, flag: str) -> Reason:
    """The value of {flag} must be a number."""
    return Reason("flag_not_number", {"flag": printable(flag)})


def flag_not_listed(*, flag: str, choices: Iterable[str]) -> Reason:
    """The value of {flag} must be one of these: {choices}."""
    return Reason("flag_not_listed", {"flag": printable(flag), "choices": names_text(choices)})


def flag_too_small(*, flag: str, min: int, value: int) -> Reason:
    """The value of {flag} must be at least {min}, not {value}."""
    return Reason("flag_too_small", {"flag": printable(flag), "min": min, "value": value})


def flag_too_large(*, flag: str, max: int, value: int) -> Reason:
    """The value of {flag} must be at most {max}, not {value}."""
    return Reason("flag_too_large", {"flag": printable(flag), "max": max, "value": value})


def flags_exclusive(*, flag: str, other: str) -> Reason:
    """{flag} and {other} can't be used together."""
    return Reason("flags_exclusive", {"flag": printable(flag), "other": printable(other)})


def flag_of_xdit(*, flag: str) -> Reason:
    """xDiT's option {flag} isn't available in Splitreel."""
    return Reason("flag_of_xdit", {"flag": printable(flag)})


def command_without_flags(*, command: str, flag: str) -> Reason:
    """The command {command} takes no options, but {flag} was given."""
    return Reason("command_without_flags", {"command": printable(command), "flag": printable(flag)})


def inspect_needs_folder() -> Reason:
    """The command inspect takes a folder and, optionally, a verification record."""
    return Reason("inspect_needs_folder", {})


def inspect_lora_needs_two() -> Reason:
    """The command inspect-lora takes a file and a model folder."""
    return Reason("inspect_lora_needs_two", {})


def lora_flag_values(*, flag: str) -> Reason:
    """The option {flag} takes a file and, optionally, its strength as a number."""
    return Reason("lora_flag_values", {"flag": printable(flag)})


def prompts_too_many(*, prompts: int, max: int) -> Reason:
    """{prompts} prompts at once are too many: the maximum is {max}."""
    return Reason("prompts_too_many", {"prompts": prompts, "max": max})


def negative_prompts_differ(*, negative: int, prompts: int) -> Reason:
    """There are {negative} negative prompts for {prompts} prompts: give one, or one for each."""
    return Reason("negative_prompts_differ", {"negative": negative, "prompts": prompts})


def prompt_not_text(*, number: int) -> Reason:
    """Prompt {number} isn't UTF-8 text."""
    return Reason("prompt_not_text", {"number": number})


def negative_prompt_not_text(*, number: int) -> Reason:
    """Negative prompt {number} isn't UTF-8 text."""
    return Reason("negative_prompt_not_text", {"number": number})


def processes_differ(*, ranks: int, flag: str, value: int) -> Reason:
    """torchrun started {ranks} processes, so {flag} can't be {value}."""
    return Reason("processes_differ", {"ranks": ranks, "flag": printable(flag), "value": value})


def latents_name_too_long(*, flag: str) -> Reason:
    """The file name for {flag} is too long."""
    return Reason("latents_name_too_long", {"flag": printable(flag)})


def latents_is_folder(*, flag: str, path: PathText) -> Reason:
    """{flag} needs a file, but {path} is a folder."""
    return Reason("latents_is_folder", {"flag": printable(flag), "path": path_text(path)})


def latents_not_writable(*, flag: str, path: PathText) -> Reason:
    """{flag} can't write to {path}."""
    return Reason("latents_not_writable", {"flag": printable(flag), "path": path_text(path)})


def prompt_file_not_text(*, file: PathText) -> Reason:
    """The prompt file {file} isn't UTF-8 text."""
    return Reason("prompt_file_not_text", {"file": path_text(file)})


def prompt_file_too_large(*, file: PathText, max: int) -> Reason:
    """The prompt file {file} is larger than {max}."""
    return Reason("prompt_file_too_large", {"file": path_text(file), "max": max})


def prompt_file_empty(*, file: PathText) -> Reason:
    """The prompt file {file} contains no prompt."""
    return Reason("prompt_file_empty", {"file": path_text(file)})


def image_format(*, file: PathText) -> Reason:
    """{file} isn't a PNG, JPEG or WebP file."""
    return Reason("image_format", {"file": path_text(file)})


def image_too_large(*, file: PathText, megapixels: int) -> Reason:
    """The image {file} has more than {megapixels} megapixels."""
    return Reason("image_too_large", {"file": path_text(file), "megapixels": megapixels})


def image_is_address(*, file: PathText) -> Reason:
    """{file} is a web address: save the image and choose the saved file."""
    return Reason("image_is_address", {"file": path_text(file)})


def image_not_file(*, file: PathText) -> Reason:
    """{file} isn't a file."""
    return Reason("image_not_file", {"file": path_text(file)})


def image_damaged(*, file: PathText) -> Reason:
    """The image {file} is damaged."""
    return Reason("image_damaged", {"file": path_text(file)})


def gpus_not_found() -> Reason:
    """The NVIDIA driver works, but finds no GPU."""
    return Reason("gpus_not_found", {})


def gpus_hidden(*, variable: str, value: str) -> Reason:
    """{variable} is {value}, which leaves no GPU."""
    return Reason("gpus_hidden", {"variable": printable(variable), "value": printable(value)})


def gpus_mig(*, variable: str, value: str) -> Reason:
    """{variable} is {value}, but Splitreel can't use MIG instances."""
    return Reason("gpus_mig", {"variable": printable(variable), "value": printable(value)})


def processes_exceed_gpus(*, ranks: int, gpus: int) -> Reason:
    """torchrun started {ranks} processes on this computer, which has {gpus} GPUs."""
    return Reason("processes_exceed_gpus", {"ranks": ranks, "gpus": gpus})


def hub_list_unreadable() -> Reason:
    """The file list from Hugging Face can't be read."""
    return Reason("hub_list_unreadable", {})


def hub_list_compressed() -> Reason:
    """The file list from Hugging Face is compressed."""
    return Reason("hub_list_compressed", {})


def hub_list_too_long() -> Reason:
    """The file list from Hugging Face is too long."""
    return Reason("hub_list_too_long", {})


def hub_list_repeats() -> Reason:
    """The file list from Hugging Face names a file twice."""
    return Reason("hub_list_repeats", {})


def hub_commit_missing() -> Reason:
    """The response from Hugging Face names no commit."""
    return Reason("hub_commit_missing", {})


def hub_file_without_hash(*, file: PathText) -> Reason:
    """Hugging Face lists {file} without its size or checksum."""
    return Reason("hub_file_without_hash", {"file": path_text(file)})


def hub_file_differs(*, file: PathText) -> Reason:
    """The {file} that Hugging Face offers isn't the one it lists."""
    return Reason("hub_file_differs", {"file": path_text(file)})


def hub_redirect_insecure() -> Reason:
    """Hugging Face redirected the download to an unencrypted address."""
    return Reason("hub_redirect_insecure", {})


def hub_status(*, status: int) -> Reason:
    """Hugging Face returned status {status}."""
    return Reason("hub_status", {"status": status})


def catalog_not_json(*, file: PathText) -> Reason:
    """{file} isn't valid JSON."""
    return Reason("catalog_not_json", {"file": path_text(file)})


def catalog_field(*, field: str, file: PathText) -> Reason:
    """The entry {field} in {file} isn't valid."""
    return Reason("catalog_field", {"field": printable(field), "file": path_text(file)})


def environment_files_missing() -> Reason:
    """Some files of the Python environment are missing."""
    return Reason("environment_files_missing", {})


def package_not_importable(*, package: str) -> Reason:
    """The package {package} can't be imported."""
    return Reason("package_not_importable", {"package": printable(package)})


def package_version(*, package: str, found: str, expected: Iterable[str]) -> Reason:
    """The package {package} has version {found}, but this version of Splitreel needs {expected}."""
    return Reason(
        "package_version", {"package": printable(package), "found": printable(found), "expected": names_text(expected)}
    )


def test_video_failed(*, device: str) -> Reason:
    """A test video couldn't be made on {device}."""
    return Reason("test_video_failed", {"device": printable(device)})


def test_video_frames(*, found: int, expected: int) -> Reason:
    """The test video has {found} frames, not {expected}."""
    return Reason("test_video_frames", {"found": found, "expected": expected})


def test_video_size(*, width: int, height: int, expected_width: int, expected_height: int) -> Reason:
    """The test video has {width} × {height} pixels, not {expectedWidth} × {expectedHeight}."""
    return Reason(
        "test_video_size",
        {"width": width, "height": height, "expectedWidth": expected_width, "expectedHeight": expected_height},
    )


def test_latents_shape(*, found: Iterable[int], expected: Iterable[int]) -> Reason:
    """The latents of the test video have the shape {found}, not {expected}."""
    return Reason("test_latents_shape", {"found": shape_text(found), "expected": shape_text(expected)})


def test_numbers_wrong(*, device: str, error: float, allowed: float) -> Reason:
    """A test video on {device} is off by {error}, more than the {allowed} allowed."""
    return Reason("test_numbers_wrong", {"device": printable(device), "error": error, "allowed": allowed})


def check_unfinished() -> Reason:
    """The check of the Python environment ended without a result."""
    return Reason("check_unfinished", {})


def program_missing(*, program: str) -> Reason:
    """The program {program} wasn't found."""
    return Reason("program_missing", {"program": printable(program)})


def program_unfinished(*, program: str) -> Reason:
    """The program {program} didn't finish in time."""
    return Reason("program_unfinished", {"program": printable(program)})


def program_ended(*, program: str, exit: int | None) -> Reason:
    """The program {program} stopped unexpectedly ({exit})."""
    return Reason("program_ended", {"program": printable(program), "exit": exit_value(exit)})
