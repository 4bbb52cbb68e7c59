/** The settings of a video: declared here, generated for Python, carried unchanged from the form into the MP4. */
import { z } from 'zod';

export const SCHEDULERS = ['model', 'ddim', 'dpm'] as const;
export const OFFLOADS = ['none', 'model', 'sequential'] as const;
export const ATTENTION_KERNELS = ['auto', 'sdpa', 'cudnn', 'flash', 'flash3', 'flash4'] as const;

export const schedulerSchema = z.enum(SCHEDULERS).meta({
  id: 'Scheduler',
  description: "`model`: the one in the model's folder. The others replace it, `dpm` with trailing timesteps.",
});
export const offloadSchema = z.enum(OFFLOADS).meta({
  id: 'Offload',
  description:
    'Where weights wait while another stage runs. `model`: one of text encoder, transformer and VAE is on the device. ' +
    '`sequential`: also one transformer block at a time.',
});
export const kernelSchema = z.enum(ATTENTION_KERNELS).meta({
  id: 'Kernel',
  description:
    'Attention kernels. `auto` is the fastest that is right on the machine. All others but SDPA need CUDA; the last two ' +
    'need a package of their own.',
});

/** What holds for every model unless something else is chosen. */
export const SAMPLING_DEFAULTS = {
  numInferenceSteps: 50,
  guidanceScale: 6,
  useDynamicCfg: true,
  scheduler: 'model',
  offload: 'none',
  attention: 'auto',
  numPipelinePatch: 4,
  warmupSteps: 1,
} as const;

export const samplingParamsSchema = z
  .object({
    width: z.number().int(),
    height: z.number().int(),
    numFrames: z.number().int(),
    numInferenceSteps: z.number().int(),
    guidanceScale: z.number(),
    useDynamicCfg: z.boolean(),
    scheduler: schedulerSchema,
    offload: offloadSchema,
    attention: kernelSchema,
    numPipelinePatch: z.number().int().describe('PipeFusion: patches that the image tokens are divided into'),
    warmupSteps: z.number().int().describe('PipeFusion: first steps that run in full, before stale values are used'),
  } satisfies Record<keyof typeof SAMPLING_DEFAULTS | 'width' | 'height' | 'numFrames', z.ZodType>)
  .meta({
    id: 'SamplingParams',
    description: 'Everything that the frames depend on except the prompt, the image and the seed.',
  });
export type SamplingParams = z.infer<typeof samplingParamsSchema>;

export const generateRequestSchema = samplingParamsSchema
  .extend({
    modelId: z.string().min(1).max(400),
    prompt: z.string().max(20_000),
    negativePrompt: z.string().max(20_000),
    imagePath: z.string().max(4_096).nullable().describe('absolute path of the first frame, for image to video'),
    seed: z.number(),
    videoCount: z.number().int().describe('videos of this prompt, with seeds seed, seed + 1, ...'),
  })
  .meta({ id: 'GenerateRequest', description: 'One request of the form: the settings and what they are applied to.' });
export type GenerateRequest = z.infer<typeof generateRequestSchema>;
