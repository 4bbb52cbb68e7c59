/* eslint-disable max-lines -- one line for each sentence */
/**
 * The values that each sentence needs.
 * Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.
 */
import type { KindTypes } from './message-kinds';

type None = Readonly<Record<string, never>>;

export interface ErrorParams {
  readonly REQUEST_INVALID: None;
  readonly PLAN_INVALID: None;
  readonly MODEL_MISSING: { readonly path: KindTypes['path'] };
  readonly MODEL_NOT_DOWNLOADED: { readonly name: KindTypes['name'] };
  readonly MODEL_INCOMPLETE: { readonly file: KindTypes['path'] };
  readonly MODEL_CORRUPT: { readonly file: KindTypes['path'] };
  readonly MODEL_UNSUPPORTED: { readonly kind: KindTypes['name'] };
  readonly MODEL_UNSAFE: { readonly file: KindTypes['path'] };
  readonly LORA_MISSING: { readonly file: KindTypes['path'] };
  readonly LORA_UNUSABLE: { readonly file: KindTypes['path'] };
  readonly LORA_CHANGED: { readonly file: KindTypes['path'] };
  readonly VIDEO_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly VIDEOS_NOT_JOINABLE: { readonly file: KindTypes['path'] };
  readonly CONTINUED_VIDEO_MISSING: { readonly file: KindTypes['path'] };
  readonly EXPORT_UNAVAILABLE: { readonly codec: KindTypes['name'] };
  readonly MODEL_GATED: { readonly repo: KindTypes['name'] };
  readonly MODEL_IN_USE: { readonly name: KindTypes['name'] };
  readonly HUB_TOKEN_REFUSED: None;
  readonly HUB_MODEL_NOT_FOUND: { readonly repo: KindTypes['name'] };
  readonly HUB_ANSWER_BROKEN: None;
  readonly HUB_ADDRESS_INVALID: { readonly address: KindTypes['address'] };
  readonly HUB_UNREACHABLE: { readonly host: KindTypes['address'] };
  readonly DOWNLOAD_INTERRUPTED: None;
  readonly DOWNLOAD_CORRUPT: { readonly file: KindTypes['path'] };
  readonly CATALOG_INVALID: { readonly file: KindTypes['path'] };
  readonly ENVIRONMENT_MISSING: None;
  readonly ENVIRONMENT_INSTALL_FAILED: None;
  readonly ENVIRONMENT_BROKEN: None;
  readonly DOCTOR_FAILED: None;
  readonly INSTALL_RUNNING: None;
  readonly GENERATION_RUNNING: None;
  readonly MODELS_IN_USE: None;
  readonly MOVE_RUNNING: None;
  readonly STORAGE_IN_USE: { readonly folder: KindTypes['path'] };
  readonly ENVIRONMENT_IN_USE: { readonly folder: KindTypes['path'] };
  readonly BUNDLE_INCOMPLETE: { readonly bundle: KindTypes['path'] };
  readonly BUNDLE_FOR_OTHER_MACHINE: {
    readonly bundle: KindTypes['path'];
    readonly found: KindTypes['name'];
    readonly expected: KindTypes['name'];
  };
  readonly BUNDLE_OF_OTHER_VERSION: { readonly bundle: KindTypes['path'] };
  readonly PYTHON_MISSING: None;
  readonly PYTHON_UNAVAILABLE: { readonly versions: KindTypes['names'] };
  readonly NO_FILE_LOCKS: { readonly folder: KindTypes['path'] };
  readonly MACHINE_UNSUPPORTED: { readonly machine: KindTypes['name'] };
  readonly PACKAGE_CHANGED: { readonly package: KindTypes['name'] };
  readonly FOLDER_NOT_EMPTY: { readonly folder: KindTypes['path'] };
  readonly FOLDER_NESTED: { readonly folder: KindTypes['path']; readonly outer: KindTypes['path'] };
  readonly FOLDER_READ_ONLY: { readonly folder: KindTypes['path'] };
  readonly NETWORK_UNREACHABLE: None;
  readonly CERTIFICATE_UNTRUSTED: None;
  readonly DISK_FULL: {
    readonly folder: KindTypes['path'];
    readonly neededBytes: KindTypes['size'];
    readonly freeBytes: KindTypes['size'];
  };
  readonly DISK_RAN_FULL: { readonly folder: KindTypes['path'] };
  readonly OUTPUT_NOT_WRITABLE: { readonly folder: KindTypes['path'] };
  readonly OUTPUT_EXISTS: { readonly file: KindTypes['path'] };
  readonly DRIVER_MISSING: None;
  readonly DRIVER_TOO_OLD: { readonly found: KindTypes['version']; readonly needed: KindTypes['version'] };
  readonly DRIVER_NOT_RESPONDING: None;
  readonly DRIVER_GARBLED: None;
  readonly GPU_NOT_FOUND: { readonly gpu: KindTypes['name'] };
  readonly GPU_MISSING: None;
  readonly CUDA_UNAVAILABLE: { readonly device: KindTypes['device'] };
  readonly GPU_OOM: {
    readonly device: KindTypes['device'];
    readonly rank: KindTypes['count'];
    readonly stage: KindTypes['stage'];
  };
  readonly MEMORY_SHORT: {
    readonly device: KindTypes['device'];
    readonly freeBytes: KindTypes['size'];
    readonly stage: KindTypes['stage'];
    readonly neededBytes: KindTypes['size'];
  };
  readonly HOST_OOM: { readonly rank: KindTypes['count']; readonly stage: KindTypes['stage'] };
  readonly LATENTS_NOT_FINITE: None;
  readonly RANK_DIED: {
    readonly rank: KindTypes['count'];
    readonly stage: KindTypes['stage'];
    readonly exit: KindTypes['exit'];
  };
  readonly RANK_HUNG: {
    readonly rank: KindTypes['count'];
    readonly silentMs: KindTypes['duration'];
    readonly stage: KindTypes['stage'];
  };
  readonly WORKER_DIED: { readonly exit: KindTypes['exit'] };
  readonly WORKER_HUNG: { readonly silentMs: KindTypes['duration'] };
  readonly WORKER_STOPPED: None;
  readonly WORKER_START_FAILED: None;
  readonly PROTOCOL_BROKEN: None;
  readonly CANCELED: None;
  readonly KERNEL_UNAVAILABLE: { readonly kernel: KindTypes['kernel'] };
  readonly PROMPT_FILE_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly IMAGE_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly FLAG_INVALID: None;
  readonly JOB_NOT_FOUND: None;
  readonly VIDEO_NOT_FOUND: None;
  readonly VIDEOS_FAILED: { readonly failed: KindTypes['count']; readonly videos: KindTypes['count'] };
  readonly TRASH_FAILED: None;
  readonly METADATA_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly PRESETS_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly PRESETS_FULL: { readonly max: KindTypes['count'] };
  readonly PROMPTS_UNREADABLE: { readonly file: KindTypes['path'] };
  readonly STORE_CORRUPT: { readonly file: KindTypes['path']; readonly backup: KindTypes['path'] };
  readonly UPDATE_KEY_MISSING: None;
  readonly UPDATE_FEED_UNREACHABLE: { readonly host: KindTypes['address'] };
  readonly UPDATE_FEED_INVALID: { readonly host: KindTypes['address'] };
  readonly UPDATE_NOT_SIGNED: { readonly host: KindTypes['address'] };
  readonly UPDATE_FEED_OLD: { readonly host: KindTypes['address'] };
  readonly REWRITE_OFF: None;
  readonly REWRITE_COMMAND_MISSING: { readonly name: KindTypes['name'] };
  readonly REWRITE_COMMAND_UNSTARTABLE: { readonly name: KindTypes['name'] };
  readonly REWRITE_COMMAND_FAILED: { readonly name: KindTypes['name']; readonly exit: KindTypes['exit'] };
  readonly REWRITE_TIMED_OUT: { readonly limit: KindTypes['duration'] };
  readonly REWRITE_UNREACHABLE: { readonly host: KindTypes['address'] };
  readonly REWRITE_KEY_REFUSED: { readonly host: KindTypes['address'] };
  readonly REWRITE_MODEL_MISSING: { readonly host: KindTypes['address']; readonly name: KindTypes['name'] };
  readonly REWRITE_REDIRECTED: { readonly host: KindTypes['address'] };
  readonly REWRITE_REFUSED: { readonly host: KindTypes['address']; readonly status: KindTypes['number'] };
  readonly REWRITE_ANSWER_INVALID: { readonly host: KindTypes['address'] };
  readonly REWRITE_ANSWER_EMPTY: None;
  readonly REWRITE_ANSWER_TOO_LONG: None;
  readonly PACKAGE_DAMAGED: { readonly file: KindTypes['path'] };
  readonly DATA_READ_ONLY: { readonly folder: KindTypes['path'] };
  readonly DATA_TOO_NEW: { readonly folder: KindTypes['path'] };
  readonly CALL_REFUSED: None;
  readonly INTERNAL: None;
}

export interface ReasonParams {
  readonly model_file_missing: { readonly file: KindTypes['path'] };
  readonly model_file_unreadable: { readonly file: KindTypes['path'] };
  readonly model_file_empty: { readonly file: KindTypes['path'] };
  readonly model_file_short: {
    readonly file: KindTypes['path'];
    readonly found: KindTypes['count'];
    readonly expected: KindTypes['count'];
  };
  readonly model_file_long: {
    readonly file: KindTypes['path'];
    readonly found: KindTypes['count'];
    readonly expected: KindTypes['count'];
  };
  readonly model_file_size: {
    readonly file: KindTypes['path'];
    readonly found: KindTypes['count'];
    readonly expected: KindTypes['count'];
  };
  readonly model_file_hash: { readonly file: KindTypes['path'] };
  readonly model_file_too_large: {
    readonly file: KindTypes['path'];
    readonly bytes: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly model_too_many_files: { readonly folder: KindTypes['path']; readonly max: KindTypes['count'] };
  readonly model_lfs_pointer: { readonly file: KindTypes['path'] };
  readonly model_json_invalid: { readonly file: KindTypes['path'] };
  readonly model_json_no_object: { readonly file: KindTypes['path'] };
  readonly model_field_count: {
    readonly field: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly model_field_flag: { readonly field: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_field_text: { readonly field: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_field_list: {
    readonly field: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly model_field_number: {
    readonly field: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly min: KindTypes['number'];
    readonly max: KindTypes['number'];
  };
  readonly model_field_choice: {
    readonly field: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly choices: KindTypes['names'];
  };
  readonly model_configs_unusable: { readonly folder: KindTypes['path'] };
  readonly model_field_implausible: { readonly field: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_class_unknown: { readonly file: KindTypes['path']; readonly className: KindTypes['name'] };
  readonly model_not_cogvideox: { readonly repo: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_index_component: { readonly file: KindTypes['path']; readonly component: KindTypes['name'] };
  readonly model_configs_disagree: {
    readonly field: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly found: KindTypes['count'];
    readonly other: KindTypes['path'];
    readonly expected: KindTypes['count'];
  };
  readonly model_quantized: { readonly file: KindTypes['path'] };
  readonly model_weights_scaled: { readonly file: KindTypes['path']; readonly tensor: KindTypes['name'] };
  readonly model_weights_named_otherwise: { readonly file: KindTypes['path']; readonly found: KindTypes['name'] };
  readonly model_header_invalid: { readonly file: KindTypes['path'] };
  readonly model_index_invalid: { readonly file: KindTypes['path'] };
  readonly model_index_leads_out: { readonly file: KindTypes['path']; readonly name: KindTypes['name'] };
  readonly model_tensor_invalid: { readonly tensor: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_tensor_twice: { readonly tensor: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_tensor_missing: { readonly tensor: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly model_tensor_renamed: {
    readonly tensor: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly found: KindTypes['name'];
  };
  readonly model_tensor_shape: {
    readonly tensor: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly found: KindTypes['shape'];
    readonly expected: KindTypes['shape'];
  };
  readonly model_tensor_dtype: {
    readonly tensor: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly dtype: KindTypes['name'];
  };
  readonly model_path_not_text: { readonly path: KindTypes['path'] };
  readonly model_names_code: { readonly file: KindTypes['path'] };
  readonly model_is_code: { readonly file: KindTypes['path'] };
  readonly model_check_fails: { readonly file: KindTypes['path'] };
  readonly model_tokenizer_fails: { readonly file: KindTypes['path'] };
  readonly model_is_pickle: { readonly file: KindTypes['path'] };
  readonly model_without_safetensors: { readonly folder: KindTypes['path'] };
  readonly model_link_outside: { readonly file: KindTypes['path'] };
  readonly lora_empty: { readonly file: KindTypes['path'] };
  readonly lora_text_encoder: { readonly file: KindTypes['path'] };
  readonly lora_method_unknown: { readonly file: KindTypes['path']; readonly tensor: KindTypes['name'] };
  readonly lora_config_invalid: { readonly file: KindTypes['path'] };
  readonly lora_layer_twice: { readonly file: KindTypes['path']; readonly tensor: KindTypes['name'] };
  readonly lora_not_finite: { readonly file: KindTypes['path']; readonly layer: KindTypes['name'] };
  readonly lora_path_not_text: { readonly path: KindTypes['path'] };
  readonly lora_half_missing: { readonly file: KindTypes['path']; readonly layer: KindTypes['name'] };
  readonly lora_layer_unknown: { readonly file: KindTypes['path']; readonly layer: KindTypes['name'] };
  readonly lora_shape: {
    readonly layer: KindTypes['name'];
    readonly file: KindTypes['path'];
    readonly found: KindTypes['shape'];
    readonly expected: KindTypes['shape'];
  };
  readonly lora_dtype: {
    readonly file: KindTypes['path'];
    readonly layer: KindTypes['name'];
    readonly dtype: KindTypes['name'];
  };
  readonly loras_too_many: { readonly loras: KindTypes['count']; readonly max: KindTypes['count'] };
  readonly lora_twice: { readonly file: KindTypes['path'] };
  readonly lora_strength_out_of_range: {
    readonly file: KindTypes['path'];
    readonly min: KindTypes['number'];
    readonly max: KindTypes['number'];
    readonly strength: KindTypes['number'];
  };
  readonly prompt_empty: None;
  readonly prompt_not_unicode: None;
  readonly negative_prompt_not_unicode: None;
  readonly frames_not_allowed: {
    readonly frames: KindTypes['number'];
    readonly lower: KindTypes['count'];
    readonly upper: KindTypes['count'];
  };
  readonly frames_out_of_range: {
    readonly frames: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly size_not_multiple: {
    readonly side: KindTypes['side'];
    readonly value: KindTypes['number'];
    readonly step: KindTypes['count'];
    readonly lower: KindTypes['count'];
    readonly upper: KindTypes['count'];
  };
  readonly size_out_of_range: {
    readonly side: KindTypes['side'];
    readonly value: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly continuation_differs: {
    readonly width: KindTypes['count'];
    readonly height: KindTypes['count'];
    readonly fps: KindTypes['count'];
  };
  readonly join_sizes_differ: {
    readonly width: KindTypes['count'];
    readonly height: KindTypes['count'];
    readonly otherWidth: KindTypes['count'];
    readonly otherHeight: KindTypes['count'];
  };
  readonly join_rates_differ: { readonly rate: KindTypes['number']; readonly otherRate: KindTypes['number'] };
  readonly join_too_short: None;
  readonly join_too_many_parts: { readonly max: KindTypes['count'] };
  readonly size_fixed: { readonly width: KindTypes['count']; readonly height: KindTypes['count'] };
  readonly steps_out_of_range: {
    readonly steps: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly guidance_out_of_range: {
    readonly value: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly seed_out_of_range: { readonly max: KindTypes['count'] };
  readonly videos_out_of_range: {
    readonly value: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly image_missing: None;
  readonly image_not_used: None;
  readonly patches_out_of_range: {
    readonly value: KindTypes['number'];
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
  };
  readonly fps_out_of_range: {
    readonly min: KindTypes['count'];
    readonly max: KindTypes['count'];
    readonly value: KindTypes['number'];
  };
  readonly image_position_out_of_range: {
    readonly min: KindTypes['number'];
    readonly max: KindTypes['number'];
    readonly value: KindTypes['number'];
  };
  readonly warmup_out_of_range: { readonly warmup: KindTypes['number']; readonly max: KindTypes['number'] };
  readonly patches_exceed_tokens: { readonly patches: KindTypes['count']; readonly max: KindTypes['count'] };
  readonly offload_needs_gpu: None;
  readonly cache_with_pipeline: None;
  readonly offload_with_split: None;
  readonly kernel_needs_gpu: { readonly kernel: KindTypes['kernel'] };
  readonly kernel_needs_newer_gpu: {
    readonly kernel: KindTypes['kernel'];
    readonly needed: KindTypes['version'];
    readonly found: KindTypes['version'];
  };
  readonly kernel_not_installed: { readonly kernel: KindTypes['kernel']; readonly package: KindTypes['name'] };
  readonly kernel_failed: { readonly kernel: KindTypes['kernel'] };
  readonly kernel_differs: {
    readonly kernel: KindTypes['kernel'];
    readonly difference: KindTypes['number'];
    readonly allowed: KindTypes['number'];
  };
  readonly kernel_without_ring: { readonly kernel: KindTypes['kernel'] };
  readonly degree_not_whole: { readonly axis: KindTypes['axis'] };
  readonly ranks_exceed_gpus: { readonly ranks: KindTypes['count']; readonly devices: KindTypes['count'] };
  readonly ranks_exceed_cpu: { readonly ranks: KindTypes['count']; readonly devices: KindTypes['count'] };
  readonly ranks_differ: { readonly ranks: KindTypes['count']; readonly nproc: KindTypes['count'] };
  readonly heads_not_shared: { readonly heads: KindTypes['count']; readonly by: KindTypes['count'] };
  readonly cfg_not_two: { readonly cfg: KindTypes['count'] };
  readonly cfg_without_guidance: { readonly guidance: KindTypes['number'] };
  readonly pipeline_exceeds_blocks: { readonly blocks: KindTypes['count']; readonly pp: KindTypes['count'] };
  readonly data_exceeds_videos: { readonly dp: KindTypes['count']; readonly videos: KindTypes['count'] };
  readonly flag_unknown: { readonly flag: KindTypes['flag'] };
  readonly flag_missing: { readonly flag: KindTypes['flag'] };
  readonly argument_missing: { readonly argument: KindTypes['name'] };
  readonly export_format_unknown: { readonly file: KindTypes['path']; readonly flag: KindTypes['flag'] };
  readonly flag_value_missing: { readonly flag: KindTypes['flag'] };
  readonly flag_not_whole: { readonly flag: KindTypes['flag'] };
  readonly flag_not_number: { readonly flag: KindTypes['flag'] };
  readonly flag_not_listed: { readonly flag: KindTypes['flag']; readonly choices: KindTypes['names'] };
  readonly flag_too_small: {
    readonly flag: KindTypes['flag'];
    readonly min: KindTypes['count'];
    readonly value: KindTypes['count'];
  };
  readonly flag_too_large: {
    readonly flag: KindTypes['flag'];
    readonly max: KindTypes['count'];
    readonly value: KindTypes['count'];
  };
  readonly flags_exclusive: { readonly flag: KindTypes['flag']; readonly other: KindTypes['flag'] };
  readonly flag_of_xdit: { readonly flag: KindTypes['flag'] };
  readonly command_without_flags: { readonly command: KindTypes['name']; readonly flag: KindTypes['flag'] };
  readonly inspect_needs_folder: None;
  readonly inspect_lora_needs_two: None;
  readonly lora_flag_values: { readonly flag: KindTypes['flag'] };
  readonly prompts_too_many: { readonly prompts: KindTypes['count']; readonly max: KindTypes['count'] };
  readonly negative_prompts_differ: { readonly negative: KindTypes['count']; readonly prompts: KindTypes['count'] };
  readonly prompt_not_text: { readonly number: KindTypes['count'] };
  readonly negative_prompt_not_text: { readonly number: KindTypes['count'] };
  readonly processes_differ: {
    readonly ranks: KindTypes['count'];
    readonly flag: KindTypes['flag'];
    readonly value: KindTypes['count'];
  };
  readonly latents_name_too_long: { readonly flag: KindTypes['flag'] };
  readonly latents_is_folder: { readonly flag: KindTypes['flag']; readonly path: KindTypes['path'] };
  readonly latents_not_writable: { readonly flag: KindTypes['flag']; readonly path: KindTypes['path'] };
  readonly prompt_file_not_text: { readonly file: KindTypes['path'] };
  readonly prompt_file_too_large: { readonly file: KindTypes['path']; readonly max: KindTypes['size'] };
  readonly prompt_file_empty: { readonly file: KindTypes['path'] };
  readonly image_format: { readonly file: KindTypes['path'] };
  readonly image_too_large: { readonly file: KindTypes['path']; readonly megapixels: KindTypes['count'] };
  readonly image_is_address: { readonly file: KindTypes['path'] };
  readonly image_not_file: { readonly file: KindTypes['path'] };
  readonly image_damaged: { readonly file: KindTypes['path'] };
  readonly gpus_not_found: None;
  readonly gpus_hidden: { readonly variable: KindTypes['name']; readonly value: KindTypes['name'] };
  readonly gpus_mig: { readonly variable: KindTypes['name']; readonly value: KindTypes['name'] };
  readonly processes_exceed_gpus: { readonly ranks: KindTypes['count']; readonly gpus: KindTypes['count'] };
  readonly hub_list_unreadable: None;
  readonly hub_list_compressed: None;
  readonly hub_list_too_long: None;
  readonly hub_list_repeats: None;
  readonly hub_commit_missing: None;
  readonly hub_file_without_hash: { readonly file: KindTypes['path'] };
  readonly hub_file_differs: { readonly file: KindTypes['path'] };
  readonly hub_redirect_insecure: None;
  readonly hub_status: { readonly status: KindTypes['count'] };
  readonly catalog_not_json: { readonly file: KindTypes['path'] };
  readonly catalog_field: { readonly field: KindTypes['name']; readonly file: KindTypes['path'] };
  readonly environment_files_missing: None;
  readonly package_not_importable: { readonly package: KindTypes['name'] };
  readonly package_version: {
    readonly package: KindTypes['name'];
    readonly found: KindTypes['version'];
    readonly expected: KindTypes['names'];
  };
  readonly test_video_failed: { readonly device: KindTypes['device'] };
  readonly test_video_frames: { readonly found: KindTypes['count']; readonly expected: KindTypes['count'] };
  readonly test_video_size: {
    readonly width: KindTypes['count'];
    readonly height: KindTypes['count'];
    readonly expectedWidth: KindTypes['count'];
    readonly expectedHeight: KindTypes['count'];
  };
  readonly test_latents_shape: { readonly found: KindTypes['shape']; readonly expected: KindTypes['shape'] };
  readonly test_numbers_wrong: {
    readonly device: KindTypes['device'];
    readonly error: KindTypes['number'];
    readonly allowed: KindTypes['number'];
  };
  readonly check_unfinished: None;
  readonly program_missing: { readonly program: KindTypes['name'] };
  readonly program_unfinished: { readonly program: KindTypes['name'] };
  readonly program_ended: { readonly program: KindTypes['name']; readonly exit: KindTypes['exit'] };
}

export interface NoticeParams {
  readonly prompt_too_long: { readonly tokens: KindTypes['count']; readonly max: KindTypes['count'] };
  readonly plan_moved: {
    readonly axis: KindTypes['name'];
    readonly before: KindTypes['count'];
    readonly after: KindTypes['count'];
  };
  readonly approximate: None;
}

export interface ExplanationParams {
  readonly data_first: { readonly dp: KindTypes['count'] };
  readonly cfg_first: None;
  readonly ulysses_gpus: { readonly ulysses: KindTypes['count'] };
  readonly ulysses_cpu: { readonly ulysses: KindTypes['count'] };
  readonly ring_across: { readonly ring: KindTypes['count'] };
  readonly ring_nvlink: { readonly ring: KindTypes['count'] };
  readonly fit_offload_model: None;
  readonly fit_balanced: None;
  readonly fit_balanced_offloaded: None;
  readonly fit_offload_sequential: None;
  readonly fit_frames: { readonly frames: KindTypes['number'] };
  readonly fit_size: { readonly width: KindTypes['count']; readonly height: KindTypes['count'] };
  readonly measured: { readonly seconds: KindTypes['number'] };
  readonly one_gpu: None;
  readonly one_cpu_rank: None;
  readonly idle_gpus: { readonly idle: KindTypes['count']; readonly devices: KindTypes['count'] };
  readonly idle_cpu: { readonly idle: KindTypes['count']; readonly devices: KindTypes['count'] };
  readonly fit_plan: { readonly split: KindTypes['plan'] };
  readonly fit_one_rank: None;
  readonly fit_nothing: { readonly neededBytes: KindTypes['size']; readonly freeBytes: KindTypes['size'] };
}

export interface FindingParams {
  readonly driver_works: { readonly version: KindTypes['version'] };
  readonly gpus_none: None;
  readonly gpu: {
    readonly index: KindTypes['count'];
    readonly name: KindTypes['name'];
    readonly memory: KindTypes['size'];
  };
  readonly python_missing: { readonly versions: KindTypes['version'] };
  readonly environment_missing: None;
  readonly python: { readonly version: KindTypes['version'] };
  readonly lock_missing: None;
  readonly package_missing: { readonly package: KindTypes['name'] };
  readonly package_works: { readonly package: KindTypes['name']; readonly version: KindTypes['version'] };
  readonly package_other: {
    readonly package: KindTypes['name'];
    readonly found: KindTypes['version'];
    readonly expected: KindTypes['names'];
  };
  readonly folder_unreachable: { readonly path: KindTypes['path'] };
  readonly folder_read_only: { readonly path: KindTypes['path'] };
  readonly disk_low: {
    readonly free: KindTypes['size'];
    readonly path: KindTypes['path'];
    readonly needed: KindTypes['size'];
  };
  readonly disk: { readonly free: KindTypes['size']; readonly path: KindTypes['path'] };
  readonly model: {
    readonly model: KindTypes['name'];
    readonly size: KindTypes['size'];
    readonly heads: KindTypes['count'];
  };
  readonly model_unusable: { readonly model: KindTypes['name'] };
  readonly model_unreadable: { readonly model: KindTypes['name'] };
  readonly ranks_work: None;
  readonly ranks_fail: None;
  readonly links_work: None;
  readonly links_fast: { readonly slowest: KindTypes['number']; readonly fastest: KindTypes['number'] };
  readonly links_p2p_needless: None;
  readonly links_p2p_broken: { readonly pairs: KindTypes['names'] };
  readonly links_p2p_off: { readonly pairs: KindTypes['names'] };
  readonly links_dead: { readonly pairs: KindTypes['names'] };
}
