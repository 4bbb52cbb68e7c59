/** Which declarations of src/shared go into which module of python/splitreel/contract. */
import { type z } from 'zod';
import { deviceSchema } from '../../src/shared/device';
import { findingSchema, findingSentenceSchema, fixSchema } from '../../src/shared/doctor';
import { hubCommandSchema, hubEventSchema } from '../../src/shared/download';
import { exportEventSchema, exportFormatSchema, exportRequestSchema } from '../../src/shared/export';
import { appErrorSchema, explanationSchema, reasonSchema } from '../../src/shared/errors';
import {
  metadataModelSchema,
  metadataReportSchema,
  videoMetadataSchema,
  videoPartSchema,
} from '../../src/shared/library';
import * as limits from '../../src/shared/limits';
import { planSchema } from '../../src/shared/plan';
import {
  jobReportSchema,
  kernelStateSchema,
  rankReportSchema,
  stagePeakSchema,
  stageReportSchema,
  stageSchema,
  textEncoderPolicySchema,
  workerCommandSchema,
  workerEventSchema,
} from '../../src/shared/protocol';
import {
  DEFAULTS_BY_PATCHES,
  DROP_IN_DEFAULTS,
  generateRequestSchema,
  imageFitSchema,
  kernelSchema,
  loraSchema,
  offloadSchema,
  SAMPLING_DEFAULTS,
  SAMPLING_RANGES,
  samplingParamsSchema,
  schedulerSchema,
  SIZE_OF_SQUARE,
} from '../../src/shared/sampling';
import { smokeEventSchema } from '../../src/shared/smoke';
import * as variables from '../../src/shared/variables';
import type { ClassOptions } from './python';

/** `messages`: discriminated unions on `type`, with the name of the union in Python. */
export interface Module {
  readonly file: string;
  readonly doc: string;
  readonly types: readonly z.ZodType[];
  readonly messages: readonly { readonly name: string; readonly schema: z.ZodType }[];
}

export const MODULES: readonly Module[] = [
  {
    file: 'types',
    doc: 'Types that messages, metadata and rules share.',
    types: [
      stageSchema,
      schedulerSchema,
      offloadSchema,
      kernelSchema,
      imageFitSchema,
      loraSchema,
      textEncoderPolicySchema,
      deviceSchema,
      planSchema,
      samplingParamsSchema,
      generateRequestSchema,
    ],
    messages: [],
  },
  {
    file: 'protocol',
    doc: 'Messages between the app and the supervisor: newline-delimited JSON, commands on stdin, events on EVENT_FD.',
    types: [stageReportSchema, stagePeakSchema, rankReportSchema, jobReportSchema, kernelStateSchema],
    messages: [
      { name: 'Command', schema: workerCommandSchema },
      { name: 'Event', schema: workerEventSchema },
    ],
  },
  {
    file: 'metadata',
    doc: "What a video's file says about how it was made.",
    types: [metadataModelSchema, metadataReportSchema, videoPartSchema, videoMetadataSchema],
    messages: [],
  },
  {
    file: 'downloads',
    doc: 'Messages between the app and the downloader: newline-delimited JSON, commands on stdin, events on EVENT_FD.',
    types: [],
    messages: [
      { name: 'Command', schema: hubCommandSchema },
      { name: 'Event', schema: hubEventSchema },
    ],
  },
  {
    file: 'exports',
    doc: 'The request of `splitreel export`, and its progress: newline-delimited JSON on EVENT_FD.',
    types: [exportFormatSchema, exportRequestSchema],
    messages: [{ name: 'Event', schema: exportEventSchema }],
  },
  {
    file: 'doctor',
    doc: 'What `splitreel doctor` finds: newline-delimited JSON on EVENT_FD.',
    types: [fixSchema, findingSchema],
    messages: [],
  },
  {
    file: 'smoke',
    doc: 'What `splitreel smoke` sends while it tests an environment: newline-delimited JSON on EVENT_FD.',
    types: [],
    messages: [{ name: 'Event', schema: smokeEventSchema }],
  },
];

/** Handwritten classes, which do more than hold values. */
export const EXTERNAL = {
  AppError: 'errors',
  Explanation: 'errors',
  FindingSentence: 'errors',
  Reason: 'errors',
} as const;
export const EXTERNAL_SCHEMAS = [appErrorSchema, explanationSchema, findingSentenceSchema, reasonSchema] as const;

/** Python properties of a class that are separate functions in TypeScript. */
export const CLASS_OPTIONS: Readonly<Record<string, Omit<ClassOptions, 'parent'> & { readonly parent?: string }>> = {
  Device: { base: 'DeviceText' },
  Finding: { base: 'FindingText', defaults: { sentence: null, error: null, details: null, fix: null } },
  Plan: { base: 'PlanProperties', defaults: { dp: 1, cfg: 1, pp: 1, ring: 1, ulysses: 1, tp: 1 } },
  JobReport: { defaults: { notices: [] } },
  VideoMetadata: { defaults: { parts: [] } },
  SamplingParams: { defaults: SAMPLING_DEFAULTS },
  GenerateRequest: { parent: 'SamplingParams', defaults: { rewrittenFrom: null } },
  WorkerVideo: { defaults: { rewrittenFrom: null } },
};
export const BASES = { DeviceText: 'behavior', FindingText: 'behavior', PlanProperties: 'behavior' } as const;

/** Where JSON Schema is less strict than the rules: a fractional seed is a reason, not a malformed message. */
export const FIELD_TYPES: Readonly<Record<string, string>> = { 'GenerateRequest.seed': 'int | float' };

/** Values of SamplingParams, by the name of the constant. */
export const SAMPLING_VALUES = {
  SPATIAL_DEFAULTS: DEFAULTS_BY_PATCHES.spatial,
  TEMPORAL_DEFAULTS: DEFAULTS_BY_PATCHES.temporal,
  SIZE_OF_SQUARE,
  DROP_IN_DEFAULTS,
} as const;
export { SAMPLING_RANGES };

export const LIMITS: Readonly<Record<string, number>> = limits;
/** A name, or settings by name. */
export const VARIABLES: Readonly<Record<string, string | Readonly<Record<string, string>>>> = variables;
