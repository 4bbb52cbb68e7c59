/** Used prompts, as they were typed: a list of prompts counts as one. */
import { z } from 'zod';

export const usedPromptSchema = z.object({
  prompt: z.string().min(1).max(20_000),
  usedAtMs: z.number(),
  isList: z.boolean(),
});
export type UsedPrompt = z.infer<typeof usedPromptSchema>;
