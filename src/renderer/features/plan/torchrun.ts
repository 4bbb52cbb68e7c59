/** The command line for the same video without the window. */
import { worldSize, type Plan } from '../../../shared/plan';
import type { GenerateRequest } from '../../../shared/sampling';

/** Quotes for a POSIX shell. */
export const quoteForShell = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;

export function torchrunLine(request: GenerateRequest, plan: Plan, modelPath: string): string {
  const flags: string[] = [];
  const add = (flag: string, value?: string | number): void => {
    flags.push(value === undefined ? `--${flag}` : `--${flag} ${quoteForShell(String(value))}`);
  };
  add('model', modelPath);
  add('prompt', request.prompt);
  if (request.negativePrompt !== '') add('negative_prompt', request.negativePrompt);
  if (request.imagePath !== null) {
    add('image', request.imagePath);
    add('image_fit', request.imageFit);
    if (request.imageFit === 'crop') add('image_position', request.imagePosition);
  }
  if (plan.ulysses > 1) add('ulysses_degree', plan.ulysses);
  if (plan.ring > 1) add('ring_degree', plan.ring);
  if (plan.cfg > 1) add('use_cfg_parallel');
  if (plan.tp > 1) add('tensor_parallel_degree', plan.tp);
  if (plan.pp > 1) {
    add('pipefusion_parallel_degree', plan.pp);
    add('num_pipeline_patch', request.numPipelinePatch);
    add('warmup_steps', request.warmupSteps);
  }
  if (plan.dp > 1) add('data_parallel_degree', plan.dp);
  add('height', request.height);
  add('width', request.width);
  add('num_frames', request.numFrames);
  add('num_inference_steps', request.numInferenceSteps);
  add('guidance_scale', request.guidanceScale);
  if (!request.useDynamicCfg) add('no_use_dynamic_cfg');
  add('fps', request.fps);
  add('seed', request.seed);
  add('scheduler', request.scheduler);
  for (const { path, strength } of request.loras)
    flags.push(`--lora ${quoteForShell(path)} ${quoteForShell(String(strength))}`);
  if (request.quality !== 'exact') add('quality', request.quality);
  if (request.offload !== 'none') add(`enable_${request.offload === 'model' ? 'model' : 'sequential'}_cpu_offload`);
  return `torchrun --nproc_per_node=${String(worldSize(plan))} -m splitreel.parallel_inference ${flags.join(' ')}`;
}
