/** Measurements on this computer: seconds per step by plan, and the time after the last step. */
import { z } from 'zod';
import { isSameHardware } from '../../shared/device';
import type { AppError } from '../../shared/errors';
import { sliceSchemas, type Slices } from '../../shared/ipc';
import type { Job } from '../../shared/job';
import { planKey } from '../../shared/plan';
import type { JobReport } from '../../shared/protocol';
import type { Log } from '../ports/log';
import { openJsonStore, type JsonStorePorts } from '../state/json-store';
import type { TailMs } from './progress';

const measurementSchema = sliceSchemas.measurements.element;
export const measurementsFileSchema = z.object({ version: z.literal(1), measurements: z.array(measurementSchema) });
export type MeasurementsFile = z.infer<typeof measurementsFileSchema>;
export type Measurement = z.infer<typeof measurementSchema>;

export const NO_MEASUREMENTS: MeasurementsFile = { version: 1, measurements: [] };
const MAX_MEASUREMENTS = 500;

const isSameCase = (a: Measurement, b: Measurement): boolean =>
  a.modelId === b.modelId &&
  a.width === b.width &&
  a.height === b.height &&
  a.numFrames === b.numFrames &&
  a.guided === b.guided &&
  a.quality === b.quality &&
  a.offload === b.offload &&
  planKey(a.plan) === planKey(b.plan) &&
  isSameHardware(a.devices, b.devices);

export function measure(job: Job, report: JobReport): Measurement {
  const { modelId, width, height, numFrames, guidanceScale, quality, offload, videoCount } = job.request;
  const tails = report.stages.filter(({ stage }) => stage === 'decoding' || stage === 'writing');
  const tail = tails.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    modelId,
    width,
    height,
    numFrames,
    guided: guidanceScale > 1,
    quality,
    offload,
    plan: job.plan,
    devices: job.devices,
    secondsPerStep: report.msPerStep / 1_000,
    tailMs: tails.length === 0 ? null : (tail * job.plan.dp) / videoCount,
  };
}

/** A new measurement replaces the older one of its kind. */
export function addMeasurement(file: MeasurementsFile, added: Measurement): MeasurementsFile {
  const others = file.measurements.filter((other) => !isSameCase(other, added));
  return { version: 1, measurements: [...others, added].slice(-MAX_MEASUREMENTS) };
}

/**
 * Decoding time grows with the number of pixels: takes the newest measurement of the same model on the same devices and
 * scales it.
 */
export function tailFor(file: MeasurementsFile, job: Job): TailMs {
  const pixels = (m: { width: number; height: number; numFrames: number }): number => m.width * m.height * m.numFrames;
  const like = file.measurements.filter(
    (m) => m.modelId === job.request.modelId && isSameHardware(m.devices, job.devices) && m.tailMs !== null,
  );
  const newest = like[like.length - 1];
  if (newest?.tailMs === undefined || newest.tailMs === null) return null;
  return (newest.tailMs * pixels(job.request)) / pixels(newest);
}

export interface Measurements {
  /** Records the measurements of a finished job. */
  readonly add: (job: Job, report: JobReport) => void;
  readonly tailFor: (job: Job) => TailMs;
  readonly problem: AppError | null;
}

export interface MeasurementsOptions {
  readonly file: string;
  readonly log: Log;
  readonly onChange: (measurements: Slices['measurements']) => void;
}

export async function openMeasurements(ports: JsonStorePorts, options: MeasurementsOptions): Promise<Measurements> {
  const { file, log, onChange } = options;
  const store = await openJsonStore(ports, { file, schema: measurementsFileSchema, fallback: NO_MEASUREMENTS });
  onChange(store.value().measurements);
  return {
    add: (job, report) => {
      const added = measure(job, report);
      store
        .save(addMeasurement(store.value(), added))
        .catch((error: unknown) => log.error('a measurement could not be saved', error));
      onChange(store.value().measurements);
    },
    tailFor: (job) => tailFor(store.value(), job),
    problem: store.problem,
  };
}
