/** Variations of the form's video: other seeds, other guidance, parallel drafts. Pure. */
import { formatList } from '../../../shared/format';
import { MAX_GUIDANCE, MAX_SEED } from '../../../shared/limits';
import { ONE_RANK, worldSize, type Plan } from '../../../shared/plan';
import { MAX_JOBS_AT_ONCE } from '../../../shared/prompt-list';
import type { GenerateRequest } from '../../../shared/sampling';
import { copy } from '../../copy';
import { expectedTime, planContext } from '../../state/draft';
import { jobInput, type PlannedRequest } from '../../state/job-input';

const strings = copy.variations;
const SEEDS = 4;
const GUIDANCE_STEP = 2;
/** As many as a grid can show clearly. */
const MAX_DRAFTS = 8;
const DRAFT_SHARE = 0.4;
/** With fewer steps a draft says little about the final video. */
const MIN_DRAFT_STEPS = 10;

export interface Variation {
  readonly id: 'seeds' | 'guidance' | 'drafts' | 'together';
  readonly label: string;
  /** One for each job. */
  readonly requests: readonly GenerateRequest[];
  /** Null: the recommended one. */
  readonly plan: Plan | null;
  /** For the first job, from similar jobs on this computer; null if there are none. */
  readonly timeMs: number | null;
}

export interface VariationsOf extends PlannedRequest {
  readonly prompts: readonly string[];
  /** The user's chosen plan; null: the recommended one. */
  readonly chosenPlan: Plan | null;
  readonly rollSeed: () => number;
}

export const draftSteps = (steps: number): number =>
  Math.max(Math.min(steps, MIN_DRAFT_STEPS), Math.round(steps * DRAFT_SHARE));

/** Values around the form's, including itself. */
export const guidanceValues = (guidance: number): readonly number[] => [
  ...new Set([guidance - GUIDANCE_STEP, guidance, guidance + GUIDANCE_STEP].map(clampGuidance)),
];

const clampGuidance = (value: number): number => Math.min(Math.max(value, 1), MAX_GUIDANCE);

/** A new seed that leaves room for the consecutive ones. */
const firstSeed = ({ rollSeed }: VariationsOf, count: number): number => Math.min(rollSeed(), MAX_SEED - count);

export function variationsOf(given: VariationsOf): readonly Variation[] {
  const { request } = given;
  const guidance = guidanceValues(request.guidanceScale);
  const simple: readonly Variation[] = [
    variation(given, 'seeds', strings.seeds({ count: SEEDS }), [
      { ...request, seed: firstSeed(given, SEEDS), videoCount: SEEDS },
    ]),
    variation(
      given,
      'guidance',
      strings.guidance({ values: formatList(guidance.map(String)) }),
      guidance.map((guidanceScale) => ({ ...request, guidanceScale, videoCount: 1 })),
    ),
  ];
  return [...simple, ...sideBySide(given)].filter(({ requests }) => requests.length <= MAX_JOBS_AT_ONCE);
}

function variation(
  given: VariationsOf,
  id: Variation['id'],
  label: string,
  requests: readonly GenerateRequest[],
  plan = given.chosenPlan,
): Variation {
  const [first = given.request] = requests;
  const job = jobInput({ ...given, request: first }, plan);
  return {
    id,
    label,
    plan,
    requests: given.prompts.flatMap((prompt) => requests.map((request) => ({ ...request, prompt }))),
    timeMs: expectedTime(given.measurements, job)?.ms ?? null,
  };
}

/** The two ways to use several devices: a draft on each, or all of them for one video. */
function sideBySide(given: VariationsOf): readonly Variation[] {
  const { request, shape, devices } = given;
  const count = Math.min(planContext(shape, request, devices).devices.count, MAX_DRAFTS);
  if (count < 2) return [];
  const draft = {
    ...request,
    seed: firstSeed(given, count),
    videoCount: count,
    numInferenceSteps: draftSteps(request.numInferenceSteps),
  };
  const together = { ...request, videoCount: 1 };
  const used = worldSize(jobInput({ ...given, request: together }, null).plan);
  return [
    variation(given, 'drafts', strings.drafts({ count, kind: devices.kind }), [draft], { ...ONE_RANK, dp: count }),
    variation(given, 'together', strings.together({ kind: devices.kind, count: used }), [together], null),
  ];
}
