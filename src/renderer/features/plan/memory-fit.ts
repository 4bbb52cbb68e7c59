/** The memory planner's result for the form, as text. */
import { canFuse, deviceBytes, memoryNeeds, type MemoryJob } from '../../../shared/memory';
import { fits, smallestChange, type MemoryQuestion } from '../../../shared/memory-advice';
import type { MemoryShape } from '../../../shared/memory-shape';
import { explanationText } from '../../../shared/messages';
import { worldSize, type Plan, type PlanContext } from '../../../shared/plan';
import type { GenerateRequest } from '../../../shared/sampling';
import { copy } from '../../copy';
import { formatBytes, formatSentences } from '../../../shared/format';
import type { ChosenDevices } from '../../state/devices';

/** The engine's choice on CUDA. */
const BFLOAT16_BYTES = 2;

export interface MemoryFitInput {
  readonly memory: MemoryShape | null;
  readonly context: PlanContext;
  readonly request: GenerateRequest;
  readonly plan: Plan;
  readonly devices: ChosenDevices;
  /** The engine's own kernels run on these devices. */
  readonly hasOwnKernels: boolean;
}

export interface MemoryText {
  readonly needs: string;
  /** What would make it fit; null if it fits. */
  readonly problem: string | null;
}

/** Null if unknown: on the CPU, or for a model whose configs lack the figures. */
export function memoryText({
  memory,
  context,
  request,
  plan,
  devices,
  hasOwnKernels,
}: MemoryFitInput): MemoryText | null {
  if (memory === null || devices.kind === 'cpu') return null;
  const [smallest] = devices.gpus
    .slice(0, worldSize(plan))
    .sort((a, b) => a.memoryTotalBytes - b.memoryTotalBytes || a.index - b.index);
  if (smallest === undefined) return null;
  const { width, height, numFrames, offload, guidanceScale, quality } = request;
  const job: MemoryJob = {
    width,
    height,
    numFrames,
    offload,
    isGuided: guidanceScale > 1,
    dtypeBytes: BFLOAT16_BYTES,
    isNvlinked: context.devices.islandSize > 1,
    isQuantized: quality !== 'exact',
    isFused: hasOwnKernels && canFuse(memory.vae),
    reusesSteps: quality === 'fast',
  };
  const question: MemoryQuestion = { shape: memory, context, job, plan, deviceBytes: smallest.memoryTotalBytes };
  const needs = { encoding: '', denoising: '', decoding: '' };
  for (const need of memoryNeeds(memory, job, plan)) needs[need.stage] = formatBytes(deviceBytes(need));
  return {
    needs: copy.plan.memory({ ...needs, gpu: smallest.index, has: formatBytes(smallest.memoryTotalBytes) }),
    problem: fits(question)
      ? null
      : formatSentences([copy.plan.memoryShort, explanationText(smallestChange(question))]),
  };
}
