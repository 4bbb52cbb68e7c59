/** Whether a job fits, and the smallest change that makes it fit. As python/splitreel/rules/memory_advice.py. */
import { deviceBytes, memoryNeeds, worstOf, type MemoryJob, type StageNeed } from './memory';
import type { MemoryShape } from './memory-shape';
import type { Explanation } from './messages';
import { AXES, checkPlan, planText, validPlans, worldSize, type Plan, type PlanContext } from './plan';
import { OFFLOADS } from './sampling';
import { requestLimits } from './request';

export interface MemoryQuestion {
  readonly shape: MemoryShape;
  /** Which plans are possible; its offload is that of the job. */
  readonly context: PlanContext;
  readonly job: MemoryJob;
  readonly plan: Plan;
  /** Of the smallest GPU. */
  readonly deviceBytes: number;
}

/** The need of the rank that writes, which holds the most. */
export const worstNeed = (question: MemoryQuestion): StageNeed =>
  worstOf(memoryNeeds(question.shape, question.job, question.plan));

export const fits = (question: MemoryQuestion): boolean => deviceBytes(worstNeed(question)) <= question.deviceBytes;

/**
 * What to change so that the job fits: first what costs the least time and changes the video least. The balanced quality
 * comes before sequential offload, which moves every block in every step.
 */
export function smallestChange(question: MemoryQuestion): Explanation {
  for (const [changed, explanation] of changes(question)) if (fits(changed)) return explanation;
  const needed = deviceBytes(worstNeed(question));
  return {
    code: 'fit_nothing',
    params: { neededBytes: roundedUp(needed), freeBytes: roundedUp(question.deviceBytes) },
  };
}

/** Up to a tenth of a gigabyte, so that the amount shown is enough. */
const roundedUp = (bytes: number): number => Math.ceil(bytes / 100_000_000) * 100_000_000;

type Change = readonly [MemoryQuestion, Explanation];

function* changes(question: MemoryQuestion): Generator<Change> {
  yield* otherPlans(question);
  yield* offloaded(question, 'model');
  yield* balanced(question);
  yield* offloaded(question, 'sequential');
  const { frameStep, minFrames, fixedSize, sizeStep, minSide } = requestLimits(question.context.shape);
  for (let frames = question.job.numFrames - frameStep; frames >= minFrames; frames -= frameStep)
    yield [
      { ...question, job: { ...question.job, numFrames: frames } },
      { code: 'fit_frames', params: { frames } },
    ];
  if (fixedSize === null) yield* smallerSizes(question, sizeStep, minSide);
}

/** Exact plans, the nearest first; CFG and Ulysses before Ring, and whole weights before shards. */
function* otherPlans(question: MemoryQuestion): Generator<Change> {
  const distance = (plan: Plan): number =>
    Math.round(1000 * AXES.reduce((sum, axis) => sum + Math.abs(Math.log2(plan[axis] / question.plan[axis])), 0));
  const isSame = (plan: Plan): boolean => AXES.every((axis) => plan[axis] === question.plan[axis]);
  const plans = validPlans(question.context).filter(
    (plan) => !isSame(plan) && plan.dp === question.plan.dp && plan.pp <= question.plan.pp,
  );
  for (const plan of plans.sort((a, b) => distance(a) - distance(b) || a.tp - b.tp || a.ring - b.ring))
    yield [
      { ...question, plan },
      worldSize(plan) === 1
        ? { code: 'fit_one_rank', params: {} }
        : { code: 'fit_plan', params: { split: planText(plan) } },
    ];
}

/** Nothing if as much is offloaded already, or if the plan forbids it. */
function* offloaded(question: MemoryQuestion, offload: 'model' | 'sequential'): Generator<Change> {
  const context = { ...question.context, request: { ...question.context.request, offload } };
  const isMore = OFFLOADS.indexOf(offload) > OFFLOADS.indexOf(question.job.offload);
  if (!isMore || checkPlan(context, question.plan).length > 0) return;
  yield [
    { ...question, context, job: { ...question.job, offload } },
    { code: `fit_offload_${offload}`, params: {} },
  ];
}

function* balanced(question: MemoryQuestion): Generator<Change> {
  if (question.job.isQuantized) return;
  const context = { ...question.context, request: { ...question.context.request, quality: 'balanced' as const } };
  const quantized: MemoryQuestion = { ...question, context, job: { ...question.job, isQuantized: true } };
  yield [quantized, { code: 'fit_balanced', params: {} }];
  for (const [changed] of offloaded(quantized, 'model'))
    yield [changed, { code: 'fit_balanced_offloaded', params: {} }];
}

/** Sizes with one step less of width at a time, the height in proportion. */
function* smallerSizes(question: MemoryQuestion, step: number, least: number): Generator<Change> {
  const { width, height } = question.job;
  for (let smaller = width - step; smaller >= least; smaller -= step) {
    const lower = Math.max(least, Math.floor(Math.floor((smaller * height) / width) / step) * step);
    yield [
      { ...question, job: { ...question.job, width: smaller, height: lower } },
      { code: 'fit_size', params: { width: smaller, height: lower } },
    ];
  }
}
