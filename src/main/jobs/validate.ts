/** Validates a job before it is queued and again before it starts. The window's own check is not trusted. */
import { appError, type AppError } from '../../shared/errors';
import { cpuDevices, type Device } from '../../shared/device';
import type { JobInput } from '../../shared/job';
import { gpuDevice, smallestIsland, type Machine } from '../../shared/machine';
import { MAX_CPU_RANKS } from '../../shared/limits';
import type { ModelShape } from '../../shared/model';
import type { ModelEntry } from '../../shared/models';
import { checkPlan, worldSize, type PlanDevices } from '../../shared/plan';
import type { Reason } from '../../shared/messages';
import { checkRequest, type RequestReason } from '../../shared/request';
import { err, ok, type Result } from '../../shared/result';

export interface JobContext {
  readonly models: readonly ModelEntry[];
  readonly machine: Machine;
}

export interface ValidModel {
  readonly id: string;
  readonly path: string;
  readonly shape: ModelShape;
}

export interface ValidJob {
  readonly model: ValidModel;
  /** This computer's devices, one per rank. */
  readonly devices: readonly Device[];
}

export function validateJob(input: JobInput, { models, machine }: JobContext): Result<ValidJob, AppError> {
  const { request, plan } = input;
  const model = models.find(({ id }) => id === request.modelId);
  if (model?.state.status === 'broken') return err(model.state.error);
  if (model?.state.status !== 'ready' || model.path === null)
    return err(appError('MODEL_MISSING', { path: model?.path ?? request.modelId }));
  const { shape } = model.state;
  const found = findDevices(input.devices, machine);
  if (!found.ok) return found;
  const wrongRequest = checkRequest(shape, request);
  if (wrongRequest.length > 0) return err(appError('REQUEST_INVALID', {}, { reasons: wrongRequest.map(withoutField) }));
  const wrongPlan = checkPlan({ shape, request, devices: found.value.limits }, plan);
  if (wrongPlan.length > 0) return err(appError('PLAN_INVALID', {}, { reasons: wrongPlan }));
  return ok({
    model: { id: model.id, path: model.path, shape },
    devices: found.value.devices.slice(0, worldSize(plan)),
  });
}

/** The error lists the problems; mapping them to fields is up to the form. */
const withoutField = ({ field: _field, ...reason }: RequestReason): Reason => reason;

interface FoundDevices {
  readonly devices: readonly Device[];
  readonly limits: PlanDevices;
}

/** The requested devices, with this computer's own names and numbers. */
function findDevices(requested: readonly Device[], machine: Machine): Result<FoundDevices, AppError> {
  if (requested.every(({ kind }) => kind === 'cpu')) {
    const count = Math.min(requested.length, MAX_CPU_RANKS);
    return ok({ devices: cpuDevices(count), limits: { kind: 'cpu', count, islandSize: count } });
  }
  if (machine.problem !== null) return err(machine.problem);
  const uuids = new Set(requested.map(({ uuid }) => uuid));
  const gpus = machine.gpus.filter(({ uuid }) => uuids.has(uuid));
  const missing = requested.find(({ uuid }) => !gpus.some((gpu) => gpu.uuid === uuid));
  if (missing !== undefined) return err(appError('GPU_NOT_FOUND', { gpu: missing.uuid ?? missing.name }));
  const count = machine.multiGpu ? gpus.length : 1;
  return ok({ devices: gpus.map(gpuDevice), limits: { kind: 'cuda', count, islandSize: smallestIsland(gpus) } });
}
