/**
 * How the work is split: dp x cfg x pp x ring x ulysses x tp ranks, ordered in that way with dp outermost. Decides
 * whether a plan is valid and why not, which values a slider may take, and which plan is best. Pure; Python has the
 * same rules (python/splitreel/rules/plan.py) and both run resources/golden/plan-cases.json.
 */
import { z } from 'zod';
import { AXES, type Axis } from './axes';
import { MAX_DEGREE } from './limits';
import type { PlanText } from './message-kinds';
import type { Explanation, Reason } from './messages';
import type { ModelShape } from './model';
import type { GenerateRequest } from './sampling';

export { AXES, type Axis };

const degree = z.number().int().min(1).max(MAX_DEGREE);
export const planSchema = z
  .object({
    dp: degree,
    cfg: degree,
    pp: degree,
    ring: degree,
    ulysses: degree,
    tp: degree,
  })
  .meta({
    id: 'Plan',
    description: 'Degrees of parallelism. Ranks are numbered in this order, dp outermost and tp innermost.',
  });
export type Plan = z.infer<typeof planSchema>;

export const ONE_RANK: Plan = { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 1, tp: 1 };

export interface PlanDevices {
  readonly kind: 'cuda' | 'cpu';
  /** GPUs chosen, or the number of CPU ranks allowed. */
  readonly count: number;
  /** The size of the smallest group of chosen devices that are connected by NVLink; 1 without NVLink. */
  readonly islandSize: number;
}

export interface PlanContext {
  readonly shape: ModelShape;
  readonly request: Pick<GenerateRequest, 'guidanceScale' | 'videoCount' | 'offload'> &
    Partial<Pick<GenerateRequest, 'quality'>>;
  readonly devices: PlanDevices;
}

export const worldSize = (plan: Plan): number => AXES.reduce((product, axis) => product * plan[axis], 1);

/** `1x2x1x1x4x1`: the plan as a key, in the order of AXES. */
export const planKey = (plan: Plan): string => AXES.map((axis) => plan[axis]).join('x');

/** PipeFusion reuses keys and values of the previous step, so its video differs slightly from a single rank's. */
const mayDiffer = (plan: Plan): boolean => plan.pp > 1;

/** Whether the video will differ: not if all steps are warm-up (the first always is) or all tokens are one patch. */
export const isApproximate = (
  plan: Plan,
  steps: Pick<GenerateRequest, 'numPipelinePatch' | 'warmupSteps' | 'numInferenceSteps'>,
): boolean => mayDiffer(plan) && steps.numPipelinePatch > 1 && Math.max(steps.warmupSteps, 1) < steps.numInferenceSteps;

/** `cfg 2 x ulysses 2`: the degrees above 1. */
export const planText = (plan: Plan): PlanText =>
  AXES.filter((axis) => plan[axis] > 1)
    .map((axis) => `${axis} ${String(plan[axis])}`)
    .join(' x ') as PlanText;

/** Every reason why the plan is invalid; an empty list means that it is valid. */
export function checkPlan(context: PlanContext, plan: Plan): Reason[] {
  const { shape, request, devices } = context;
  const reasons: Reason[] = [];
  for (const axis of AXES) {
    const isWhole = Number.isInteger(plan[axis]) && plan[axis] >= 1;
    if (!isWhole) reasons.push({ code: 'degree_not_whole', params: { axis } });
  }
  if (reasons.length > 0) return reasons;
  const headShares = plan.tp * plan.ulysses;
  if (shape.heads % headShares !== 0)
    reasons.push({ code: 'heads_not_shared', params: { heads: shape.heads, by: headShares } });
  if (plan.cfg > 2) reasons.push({ code: 'cfg_not_two', params: { cfg: plan.cfg } });
  else if (plan.cfg === 2 && request.guidanceScale <= 1)
    reasons.push({ code: 'cfg_without_guidance', params: { guidance: request.guidanceScale } });
  if (plan.pp > shape.blocks)
    reasons.push({
      code: 'pipeline_exceeds_blocks',
      params: { blocks: shape.blocks, pp: plan.pp },
    });
  if (plan.dp > request.videoCount)
    reasons.push({
      code: 'data_exceeds_videos',
      params: { dp: plan.dp, videos: request.videoCount },
    });
  if (request.offload !== 'none' && devices.kind === 'cpu') reasons.push({ code: 'offload_needs_gpu', params: {} });
  if (request.offload === 'sequential' && plan.tp > 1) reasons.push({ code: 'offload_with_split', params: {} });
  if (request.quality === 'fast' && plan.pp > 1) reasons.push({ code: 'cache_with_pipeline', params: {} });
  const ranks = worldSize(plan);
  if (ranks > devices.count)
    reasons.push({
      code: devices.kind === 'cuda' ? 'ranks_exceed_gpus' : 'ranks_exceed_cpu',
      params: { ranks, devices: devices.count },
    });
  return reasons;
}

/** Every valid plan for these devices, in no particular order. */
export function validPlans(context: PlanContext): Plan[] {
  const plans: Plan[] = [];
  const limit = context.devices.count;
  const extend = (plan: Plan, depth: number): void => {
    const axis = AXES[depth];
    if (axis === undefined) {
      if (checkPlan(context, plan).length === 0) plans.push(plan);
      return;
    }
    for (let value = 1; value * worldSize(plan) <= limit; value += 1) extend({ ...plan, [axis]: value }, depth + 1);
  };
  extend(ONE_RANK, 0);
  return plans;
}

/** Whether NVLink connects all GPUs that share a video's tokens. Ring then gathers keys instead of passing them round. */
const gathersKeys = ({ ring, ulysses, tp }: Plan, { kind, islandSize }: PlanDevices): boolean =>
  kind === 'cuda' && ring * ulysses * tp <= islandSize;

/**
 * The rule of thumb as a tuple to compare from left to right, larger first: exact before approximate; more devices;
 * whole weights before shards; several videos side by side; CFG; then the tokens' split. Shards without NVLink come
 * after everything else, because they take as long as one GPU. measured-plans.test.ts compares the order with steps
 * measured over NVLink.
 */
function heuristicScore(plan: Plan, devices: PlanDevices): readonly number[] {
  const isSlowShard = plan.tp > 1 && !(devices.kind === 'cuda' && plan.tp <= devices.islandSize);
  return [
    plan.pp === 1 ? 1 : 0,
    isSlowShard ? 0 : 1,
    worldSize(plan),
    -plan.tp,
    plan.dp,
    plan.cfg,
    ...(gathersKeys(plan, devices) ? scoreOverNvlink(plan) : scoreAcrossIslands(plan, devices)),
  ];
}

/**
 * Between two GPUs, Ring and Ulysses send as much, and Ring waits less. Between more, Ulysses sends less than Ring.
 * Both at once send the most messages: ring 2 x ulysses 2 took 39 % longer than ring 4 for CogVideoX-2B, and 3 % less
 * for 5B.
 */
function scoreOverNvlink({ ring, ulysses }: Plan): readonly number[] {
  return [ring === 1 || ulysses === 1 ? 1 : 0, ring * ulysses === 2 ? ring : ulysses];
}

/** Ulysses within an island, the rest by Ring, which hides more of what it sends. */
function scoreAcrossIslands({ ulysses }: Plan, devices: PlanDevices): readonly number[] {
  // Without NVLink, pairs are best: xDiT's own best plan on 8 PCIe cards is ulysses 2, ring 2, cfg 2.
  const island = devices.kind === 'cpu' ? devices.count : Math.max(devices.islandSize, 2);
  return [ulysses <= island ? 1 : 0, ulysses];
}

function compareScores(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = (b[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Seconds per step that this machine has measured, by planKey, for this model, size and length. */
export type MeasuredSteps = ReadonlyMap<string, number>;

export interface Recommendation {
  readonly plan: Plan;
  readonly explanations: readonly Explanation[];
}

/** Valid plans, best first: those by rule of thumb, the fastest measured one before them. */
export function rankPlans(context: PlanContext, measured: MeasuredSteps = new Map()): Plan[] {
  const { devices } = context;
  const plans = validPlans(context).sort((a, b) =>
    compareScores(heuristicScore(a, devices), heuristicScore(b, devices)),
  );
  const thumb = plans[0];
  const thumbSeconds = thumb === undefined ? undefined : measured.get(planKey(thumb));
  // A measured plan can only overrule another measured plan: an untried one isn't known to be slower.
  if (thumbSeconds === undefined) return plans;
  const secondsOf = (plan: Plan): number => measured.get(planKey(plan)) ?? Infinity;
  const fastest = plans.filter((p) => !mayDiffer(p)).reduce((a, b) => (secondsOf(b) < secondsOf(a) ? b : a));
  return [fastest, ...plans.filter((plan) => plan !== fastest)];
}

/** The best plan and why it is the best. The one-rank plan is always valid for a valid request. */
export function recommendPlan(context: PlanContext, measured: MeasuredSteps = new Map()): Recommendation {
  const plan = rankPlans(context, measured)[0] ?? ONE_RANK;
  return { plan, explanations: explainPlan(context, plan, measured) };
}

function explainPlan(context: PlanContext, plan: Plan, measured: MeasuredSteps): Explanation[] {
  const { devices } = context;
  const isOnGpus = devices.kind === 'cuda';
  const explanations: Explanation[] = [];
  if (worldSize(plan) === 1) explanations.push({ code: isOnGpus ? 'one_gpu' : 'one_cpu_rank', params: {} });
  if (plan.dp > 1) explanations.push({ code: 'data_first', params: { dp: plan.dp } });
  if (plan.cfg > 1) explanations.push({ code: 'cfg_first', params: {} });
  if (plan.ulysses > 1)
    explanations.push({ code: isOnGpus ? 'ulysses_gpus' : 'ulysses_cpu', params: { ulysses: plan.ulysses } });
  if (plan.ring > 1)
    explanations.push({
      code: gathersKeys(plan, devices) ? 'ring_nvlink' : 'ring_across',
      params: { ring: plan.ring },
    });
  const idle = devices.count - worldSize(plan);
  if (idle > 0 && worldSize(plan) > 1)
    explanations.push({ code: isOnGpus ? 'idle_gpus' : 'idle_cpu', params: { idle, devices: devices.count } });
  const seconds = measured.get(planKey(plan));
  if (seconds !== undefined)
    explanations.push({ code: 'measured', params: { seconds: Number(seconds.toPrecision(3)) } });
  return explanations;
}

/** How far one plan is from another: doublings and halvings, summed over the axes. */
const distance = (a: Plan, b: Plan): number =>
  AXES.reduce((sum, axis) => sum + Math.abs(Math.log2(a[axis] / b[axis])), 0);

/** The valid plan that keeps `axis` at its value in `wanted` and changes the others least, or null. */
export function nearestPlan(context: PlanContext, wanted: Plan, axis: Axis): Plan | null {
  const candidates = validPlans(context).filter((plan) => plan[axis] === wanted[axis]);
  const [first, ...rest] = candidates;
  if (first === undefined) return null;
  const score = (plan: Plan): readonly number[] => [-distance(plan, wanted), ...heuristicScore(plan, context.devices)];
  return rest.reduce((best, plan) => (compareScores(score(best), score(plan)) > 0 ? plan : best), first);
}

/** The nearest valid plan to one that has become invalid, with nothing held fixed. */
export function nearestToPlan(context: PlanContext, wanted: Plan): Plan {
  if (checkPlan(context, wanted).length === 0) return wanted;
  const score = (plan: Plan): readonly number[] => [-distance(plan, wanted), ...heuristicScore(plan, context.devices)];
  return validPlans(context).reduce(
    (best, plan) => (compareScores(score(best), score(plan)) > 0 ? plan : best),
    ONE_RANK,
  );
}

export interface AxisOption {
  readonly value: number;
  /** Why this value can't be chosen, whatever the other values are; null if it can. */
  readonly blocked: Reason | null;
  /** The plan that choosing it leads to. */
  readonly plan: Plan | null;
}

/** The values of one slider, 1 to the number of devices (2 for cfg), each with what choosing it does or why not. */
export function axisOptions(context: PlanContext, current: Plan, axis: Axis): AxisOption[] {
  const last = axis === 'cfg' ? 2 : Math.max(context.devices.count, current[axis]);
  return Array.from({ length: last }, (_, index) => {
    const value = index + 1;
    const plan = nearestPlan(context, { ...current, [axis]: value }, axis);
    const blocked = plan === null ? (checkPlan(context, { ...ONE_RANK, [axis]: value })[0] ?? null) : null;
    return { value, blocked, plan };
  });
}
