/** What `splitreel doctor` finds: python/splitreel/contract/doctor.py is generated from this file. */
import { z } from 'zod';
import { formatSentences } from './format';
import { appErrorSchema, describeError, messageParamsSchema } from './errors';
import { FINDING_CODES, findingAction, findingText } from './messages';

const topicSchema = z
  .enum(['driver', 'gpu', 'link', 'environment', 'disk', 'model', 'ranks'])
  .meta({ id: 'Topic', description: 'What was checked.' });
const statusSchema = z.enum(['ok', 'note', 'problem']).meta({
  id: 'Status',
  description: '`problem`: it keeps Splitreel from making videos. `note`: it may not.',
});
export const fixSchema = z
  .enum(['install', 'repair', 'driver', 'p2p_off', 'p2p_on', 'models', 'storage'])
  .meta({ id: 'Fix', description: 'What the window has a button for.' });
export type Fix = z.infer<typeof fixSchema>;

export const findingSentenceSchema = z
  .object({ code: z.enum(FINDING_CODES), params: messageParamsSchema })
  .meta({ id: 'FindingSentence' });

export const findingSchema = z
  .object({
    topic: topicSchema,
    status: statusSchema,
    sentence: findingSentenceSchema.nullable(),
    error: appErrorSchema.nullable().describe('what is wrong, after the sentence or in its place'),
    details: z.string().nullable().describe('what another program printed'),
    fix: fixSchema.nullable(),
  })
  .meta({ id: 'Finding', description: 'One result of the doctor: a sentence, an error or both.' });
export type Finding = z.infer<typeof findingSchema>;

export const doctorSchema = z.object({
  status: z.enum(['idle', 'running', 'done']),
  /** In the order in which they were found; they arrive one by one. */
  findings: z.array(findingSchema),
});
export type Doctor = z.infer<typeof doctorSchema>;

/** The finding and what to do about it; the action may be empty. */
export function describeFinding({ sentence, error }: Pick<Finding, 'sentence' | 'error'>): {
  readonly text: string;
  readonly action: string;
} {
  const described = error === null ? null : describeError(error);
  const text = [sentence === null ? '' : findingText(sentence.code, sentence.params), described?.message ?? ''];
  return {
    text: formatSentences(text),
    action: described?.action ?? (sentence === null ? '' : findingAction(sentence.code)),
  };
}
