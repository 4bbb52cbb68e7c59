/** The state of the form: draft, model, plan and problems, from main's slices and the local draft. */
import { checkContinuation } from '../../../shared/continuation';
import { reasonText } from '../../../shared/messages';
import type { MemoryShape } from '../../../shared/memory-shape';
import type { ModelEntry } from '../../../shared/models';
import type { ModelShape } from '../../../shared/model';
import { checkPlan, worldSize, type MeasuredSteps, type Plan, type PlanContext } from '../../../shared/plan';
import { expandPrompts, MAX_JOBS_AT_ONCE } from '../../../shared/prompt-list';
import { checkRequest } from '../../../shared/request';
import type { GenerateRequest } from '../../../shared/sampling';
import type { Slices } from '../../../shared/ipc';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { adoptModel } from '../../state/adopt';
import { chosenDevices, jobDevices, type ChosenDevices } from '../../state/devices';
import {
  expectedTime,
  type ExpectedTime,
  changeDraft,
  currentDraft,
  currentPlan,
  measuredSteps,
  planContext,
  rollSeed,
  useDraft,
  withPrompt,
  type Draft,
} from '../../state/draft';
import { enqueueJobs, jobInput } from '../../state/job-input';

export interface ReadyModel {
  readonly model: ModelEntry;
  readonly shape: ModelShape;
  readonly memory: MemoryShape | null;
  readonly context: PlanContext;
  readonly measured: MeasuredSteps;
  readonly plan: Plan;
}

export interface CreateForm {
  /** Null if the draft's model is unknown. */
  readonly model: ModelEntry | null;
  readonly models: readonly ModelEntry[];
  readonly draft: Draft;
  readonly devices: ChosenDevices;
  /** Null while the model's config is unknown, and so its sizes and splits. */
  readonly ready: ReadyModel | null;
  /** The reasons why Generate is disabled; empty if it is enabled. */
  readonly problems: readonly string[];
  /** The prompts that the text expands to; null for more than can be queued at once. */
  readonly prompts: readonly string[] | null;
  /** From earlier videos on this computer; null if there are none. */
  readonly expected: ExpectedTime | null;
  readonly setPrompt: (prompt: string) => void;
  readonly setRequest: (change: Partial<Omit<GenerateRequest, 'prompt'>>) => void;
  readonly setSeed: (seed: number, isSeedLocked: boolean) => void;
  readonly setPlan: (plan: Plan, isAutomatic: boolean) => void;
  readonly setModel: (model: ModelEntry) => void;
  readonly setPromptList: (isPromptList: boolean) => void;
  /** The same video, but not joined to another one. */
  readonly endContinuation: () => void;
  readonly generate: () => void;
  /** Puts an example into the form and generates it. */
  readonly generateExample: (prompt: string) => void;
  /** Queues requests other than the form's own; null: the recommended plan. */
  readonly enqueue: (requests: readonly GenerateRequest[], plan: Plan | null) => void;
}

/** For the fields of a model whose config is known. */
export interface FieldsProps {
  readonly form: CreateForm;
  readonly ready: ReadyModel;
}

/** Null if no model is known. */
export function useCreateForm(): CreateForm | null {
  const models = useSlice('models');
  const settings = useSlice('settings');
  const machine = useSlice('machine');
  const environment = useSlice('environment');
  const engine = useSlice('engine');
  const measurements = useSlice('measurements');
  const local = useDraft((state) => state.draft);
  const found = currentDraft(local ?? settings.draft, models);

  if (found === null) return null;
  const { draft, model } = found;
  const { request } = draft;
  const devices = chosenDevices(machine, settings);
  const ready = readyModel(model, draft, devices, measurements);
  const plan = ready?.plan ?? draft.plan;
  const planDevices = [...jobDevices(devices, worldSize(plan))];
  const prompts = expandPrompts(request.prompt, draft.isPromptList);
  const problems = [
    ...environmentProblems(environment),
    ...(ready === null ? [modelProblem(model, request.modelId)] : requestProblems(ready, request)),
    ...(draft.continues === undefined ? [] : checkContinuation(draft.continues, request).map(reasonText)),
    ...kernelProblems(engine, request),
    ...(prompts === null ? [copy.create.tooManyPrompts({ max: MAX_JOBS_AT_ONCE })] : []),
  ];
  const queueAll = (requests: readonly GenerateRequest[], wanted: Plan | null, typed: string): void => {
    if (ready === null) return;
    const { shape } = ready;
    const { continues } = draft;
    const jobs = requests.map((each) => ({
      ...jobInput({ shape, request: each, devices, measurements }, wanted),
      ...(continues === undefined ? {} : { continues }),
    }));
    enqueueJobs(jobs, { prompt: typed, isList: draft.isPromptList });
  };
  const generate = (typed: GenerateRequest, texts: readonly string[]): void => {
    queueAll(
      texts.map((prompt) => ({ ...typed, prompt })),
      plan,
      typed.prompt,
    );
    const seed = draft.isSeedLocked ? request.seed : rollSeed();
    changeDraft({ ...draft, plan, request: { ...typed, seed } });
  };
  return {
    model,
    models,
    draft,
    devices,
    ready,
    problems,
    prompts,
    expected: ready === null ? null : expectedTime(measurements, { request, plan, devices: planDevices }),
    setPrompt: (prompt) => changeDraft({ ...draft, plan, request: withPrompt(request, prompt) }),
    setRequest: (change) => changeDraft({ ...draft, plan, request: { ...request, ...change } }),
    setSeed: (seed, isSeedLocked) => changeDraft({ ...draft, plan, isSeedLocked, request: { ...request, seed } }),
    setPlan: (next, isPlanAutomatic) => changeDraft({ ...draft, plan: next, isPlanAutomatic }),
    setModel: adoptModel,
    endContinuation: () => {
      const { continues: _, ...others } = draft;
      changeDraft({ ...others, plan });
    },
    // A line of a list isn't known to come from the rewritten prompt.
    setPromptList: (isPromptList) =>
      changeDraft({ ...draft, plan, isPromptList, request: { ...request, rewrittenFrom: null } }),
    enqueue: (requests, wanted) => {
      if (problems.length === 0) queueAll(requests, wanted, request.prompt);
    },
    generate: () => {
      if (problems.length === 0) generate(request, prompts ?? []);
    },
    // Main reports problems other than the prompt.
    generateExample: (prompt) => generate({ ...request, prompt, rewrittenFrom: null }, [prompt]),
  };
}

/** The last part of a path or repository name, used as the model's name. */
export const modelName = (modelId: string): string => modelId.split(/[\\/]/).at(-1) ?? modelId;

function modelProblem(model: ModelEntry | null, modelId: string): string {
  if (model === null) return copy.create.modelMissing({ name: modelName(modelId) });
  if (model.state.status === 'absent') return copy.create.modelAbsent;
  return model.state.status === 'checking' ? copy.create.modelChecking : copy.create.missing.model;
}

const requestProblems = ({ shape, context, plan }: ReadyModel, request: GenerateRequest): string[] => [
  ...checkRequest(shape, request).map(reasonText),
  ...checkPlan(context, plan).map(reasonText),
];

function kernelProblems({ kernels }: Slices['engine'], { attention }: GenerateRequest): string[] {
  const blocked = kernels.find((state) => state.kernel === attention)?.reason ?? null;
  return blocked === null ? [] : [reasonText(blocked)];
}

function environmentProblems(environment: Slices['environment']): string[] {
  const isWorking = 'hasWorkingSlot' in environment && environment.hasWorkingSlot;
  if (environment.status === 'installing' && !isWorking) return [copy.create.missing.installing];
  const isMissing = environment.status === 'missing' || (environment.status === 'failed' && !isWorking);
  return isMissing ? [copy.create.missing.environment] : [];
}

function readyModel(
  model: ModelEntry | null,
  draft: Draft,
  devices: ChosenDevices,
  measurements: Slices['measurements'],
): ReadyModel | null {
  if (model?.state.status !== 'ready') return null;
  const { shape, memory = null } = model.state;
  const context = planContext(shape, draft.request, devices);
  const measured = measuredSteps(measurements, draft.request, devices);
  return { model, shape, memory, context, measured, plan: currentPlan(context, draft, measured) };
}
