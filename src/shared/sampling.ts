/** The settings of a video: declared here, generated for Python, carried unchanged from the form into the MP4. */
import { z } from 'zod';
import { MAX_GUIDANCE, MAX_PATCHES, MAX_VIDEOS } from './limits';

export const SCHEDULERS = ['model', 'ddim', 'dpm'] as const;
export const OFFLOADS = ['none', 'model', 'sequential'] as const;
export const ATTENTION_KERNELS = ['auto', 'sdpa', 'cudnn', 'flash', 'flash3', 'flash4'] as const;
export const QUALITIES = ['exact', 'balanced', 'fast'] as const;
export const IMAGE_FITS = ['crop', 'fit', 'stretch'] as const;

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
export type Kernel = z.infer<typeof kernelSchema>;

export const qualitySchema = z.enum(QUALITIES).meta({
  id: 'Quality',
  description:
    '`balanced` holds the large layers in float8: half the memory, faster where the GPU multiplies float8. `fast` also ' +
    'reuses the last result for steps that are predicted to change little. Both videos differ slightly from the exact one.',
});

export const imageFitSchema = z.enum(IMAGE_FITS).meta({
  id: 'ImageFit',
  description:
    'How an image of another shape becomes the first frame. `crop`: it fills the frame, and what is over is cut off. ' +
    '`fit`: all of it is seen, between black bars. `stretch`: both sides are scaled for themselves, as diffusers does.',
});
export type ImageFit = z.infer<typeof imageFitSchema>;

export const loraSchema = z
  .object({
    path: z.string().min(1).max(4_096).describe('absolute'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('of the file when it was chosen; another content is refused'),
    strength: z.number(),
  })
  .meta({ id: 'Lora', description: 'A LoRA file that is merged into the transformer.' });
export type Lora = z.infer<typeof loraSchema>;

/** The file's name without its extension, for display. */
export const loraName = ({ path }: Pick<Lora, 'path'>): string =>
  (path.split(/[\\/]/).at(-1) ?? path).replace(/\.safetensors$/i, '');

/** The values that the authors publish for each kind of model; the user's choice takes precedence. */
export const DEFAULTS_BY_PATCHES = {
  /** Each patch covers one latent frame: CogVideoX 2B and 5B. */
  spatial: { numInferenceSteps: 50, fps: 8 },
  /** Patches also cover several latent frames: CogVideoX 1.5. */
  temporal: { numInferenceSteps: 50, fps: 16 },
} as const;

/** CogVideoX 1.5's config names a square that only bounds its positions; its authors publish this size. */
export const SIZE_OF_SQUARE = { width: 1360, height: 768 } as const;

/** What the original script does for every model, kept by its drop-in replacement. */
export const DROP_IN_DEFAULTS = { scheduler: 'model', fps: 8, imageFit: 'stretch' } as const satisfies Partial<
  Record<SamplingField, unknown>
>;

/** Numbers with fixed limits, and the reason for a value outside them. */
export const SAMPLING_RANGES = [
  { field: 'guidanceScale', min: 0, max: MAX_GUIDANCE, code: 'guidance_out_of_range' },
  { field: 'videoCount', min: 1, max: MAX_VIDEOS, code: 'videos_out_of_range' },
  { field: 'numPipelinePatch', min: 1, max: MAX_PATCHES, code: 'patches_out_of_range' },
  { field: 'fps', min: 1, max: 120, code: 'fps_out_of_range' },
  { field: 'imagePosition', min: 0, max: 1, code: 'image_position_out_of_range' },
] as const;

/** The defaults for every model. */
export const SAMPLING_DEFAULTS = {
  numInferenceSteps: 50,
  guidanceScale: 6,
  useDynamicCfg: true,
  scheduler: 'model',
  offload: 'none',
  attention: 'auto',
  quality: 'exact',
  numPipelinePatch: 4,
  warmupSteps: 1,
  fps: 8,
  imageFit: 'crop',
  imagePosition: 0.5,
  loras: [],
} as const;

type SamplingField = keyof typeof SAMPLING_DEFAULTS | 'width' | 'height' | 'numFrames';

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
    quality: qualitySchema,
    numPipelinePatch: z.number().int().describe('PipeFusion: patches that the image tokens are divided into'),
    warmupSteps: z.number().int().describe('PipeFusion: first steps that run in full, before stale values are used'),
    fps: z.number().int().describe('frames per second of the file'),
    // Before this choice existed, images were stretched.
    imageFit: imageFitSchema.default('stretch'),
    imagePosition: z
      .number()
      .default(0.5)
      .describe('`crop`: which part stays, from 0 (left or top) to 1 (right or bottom) along the side that is cut'),
    // Videos and queues of older versions have no LoRAs.
    loras: z.array(loraSchema).readonly().default([]),
  } satisfies Record<SamplingField, z.ZodType>)
  .meta({
    id: 'SamplingParams',
    description: 'Everything that the frames depend on except the prompt, the image and the seed.',
  });
export type SamplingParams = z.infer<typeof samplingParamsSchema>;

export const generateRequestSchema = samplingParamsSchema
  .extend({
    modelId: z.string().min(1).max(400),
    prompt: z.string().max(20_000),
    // Videos and queues of older versions don't record it.
    rewrittenFrom: z
      .string()
      .max(20_000)
      .nullable()
      .default(null)
      .describe('the prompt as the person wrote it, before it was rewritten; null if it was not'),
    negativePrompt: z.string().max(20_000),
    imagePath: z.string().max(4_096).nullable().describe('absolute path of the first frame, for image to video'),
    seed: z.number(),
    videoCount: z.number().int().describe('videos of this prompt, with seeds seed, seed + 1, ...'),
  })
  .meta({ id: 'GenerateRequest', description: 'One request of the form: the settings and what they are applied to.' });
export type GenerateRequest = z.infer<typeof generateRequestSchema>;
