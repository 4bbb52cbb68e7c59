/** The stages of a video, in their order. */
import { z } from 'zod';

export const STAGES = ['starting', 'loading', 'optimizing', 'encoding', 'denoising', 'decoding', 'writing'] as const;
export const stageSchema = z.enum(STAGES).meta({
  id: 'Stage',
  description: 'Stages of a video. They count ranks, bytes, kernels, prompts, denoising steps, tiles and frames.',
});
export type Stage = z.infer<typeof stageSchema>;
