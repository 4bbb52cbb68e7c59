/** Whether a job can be: asked before it is queued, and again before it starts. The window's own check is not trusted. */
import { appError, type AppError } from '../../shared/errors';
import type { JobDevices } from '../../shared/job';
import { MAX_CPU_RANKS, smallestIsland, type Machine } from '../../shared/machine';
import type { ModelShape } from '../../shared/model';
import type { ModelEntry } from '../../shared/models';
import { checkPlan, type Plan, type PlanDevices } from '../../shared/plan';
import { checkRequest, type GenerateRequest } from '../../shared/request';
import { err, ok, type Result } from '../../shared/result';

export interface JobInput {
  readonly request: GenerateRequest;
  readonly plan: Plan;
  readonly devices: JobDevices;
}

export interface Surroundings {
  readonly models: readonly ModelEntry[];
  readonly machine: Machine;
}

export interface ValidModel {
  readonly id: string;
  readonly path: string;
  readonly shape: ModelShape;
}

export function validateJob(input: JobInput, { models, machine }: Surroundings): Result<ValidModel, AppError> {
  const { request, plan } = input;
  const model = models.find(({ id }) => id === request.modelId);
  if (model?.state.status === 'broken') return err(model.state.error);
  if (model?.state.status !== 'ready' || model.path === null)
    return err(appError('MODEL_MISSING', { path: model?.path ?? request.modelId }));
  const { shape } = model.state;
  const devices = planDevices(input.devices, machine);
  if (!devices.ok) return devices;
  const wrongRequest = checkRequest(shape, request);
  if (wrongRequest.length > 0) return err(appError('REQUEST_INVALID', {}, { reasons: wrongRequest.map(plain) }));
  const wrongPlan = checkPlan({ shape, request, devices: devices.value }, plan);
  if (wrongPlan.length > 0) return err(appError('PLAN_INVALID', {}, { reasons: wrongPlan.map(plain) }));
  return ok({ id: model.id, path: model.path, shape });
}

const plain = (reason: {
  code: AppError['reasons'][number]['code'];
  params: Readonly<Record<string, string | number>>;
}) => ({
  code: reason.code,
  params: { ...reason.params },
});

function planDevices(devices: JobDevices, machine: Machine): Result<PlanDevices, AppError> {
  if (devices.kind === 'cpu') {
    const count = Math.min(devices.ranks, MAX_CPU_RANKS);
    return ok({ kind: 'cpu', count, islandSize: count });
  }
  if (machine.problem !== null) return err(machine.problem);
  const uuids = new Set(devices.uuids);
  const chosen = machine.gpus.filter(({ uuid }) => uuids.has(uuid));
  const missing = devices.uuids.find((uuid) => !chosen.some((gpu) => gpu.uuid === uuid));
  if (missing !== undefined) return err(appError('GPU_NOT_FOUND', { gpu: missing }));
  const count = machine.multiGpu ? chosen.length : 1;
  return ok({ kind: 'cuda', count, islandSize: smallestIsland(chosen) });
}

/** Names of what it ran on, for measurements: `cpu`, or the GPUs' names in PCI order. */
export function deviceNames(devices: JobDevices, machine: Machine): string {
  if (devices.kind === 'cpu') return 'cpu';
  return machine.gpus
    .filter(({ uuid }) => devices.uuids.includes(uuid))
    .map(({ name }) => name)
    .join(', ');
}
