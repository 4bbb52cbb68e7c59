/** The form as it stands: draft, model, plan and what is wrong, from main's slices and the local draft. */
import { useEffect } from 'react';
import { reasonText } from '../../../shared/messages';
import type { MemoryShape } from '../../../shared/memory-shape';
import type { ModelEntry } from '../../../shared/models';
import type { ModelShape } from '../../../shared/model';
import { checkPlan, worldSize, type MeasuredSteps, type Plan, type PlanContext } from '../../../shared/plan';
import { checkRequest } from '../../../shared/request';
import type { GenerateRequest } from '../../../shared/sampling';
import { useSlice } from '../../state/projection';
import { followRunningJob } from '../../state/navigation';
import { send } from '../../state/send';
import { copy } from '../../copy/en';
import { chosenDevices, jobDevices, type ChosenDevices } from '../../state/devices';
import {
  changeDraft,
  currentDraft,
  currentPlan,
  measuredSteps,
  planContext,
  requestForModel,
  useDraft,
  type Draft,
} from '../../state/draft';

const PERSIST_AFTER_MS = 400;

export interface CreateForm {
  readonly model: ModelEntry;
  readonly models: readonly ModelEntry[];
  readonly draft: Draft;
  readonly devices: ChosenDevices;
  /** Null while the model's own config is not known: then nothing can be said about sizes and splits. */
  readonly ready: {
    readonly shape: ModelShape;
    readonly memory: MemoryShape | null;
    readonly context: PlanContext;
    readonly measured: MeasuredSteps;
    readonly plan: Plan;
  } | null;
  /** Each thing that keeps Generate from working, in words; empty when it works. */
  readonly problems: readonly string[];
  readonly setRequest: (change: Partial<GenerateRequest>) => void;
  readonly setPlan: (plan: Plan, isAutomatic: boolean) => void;
  readonly setModel: (model: ModelEntry) => void;
  readonly generate: () => void;
}

/** Null where no model is known at all. */
export function useCreateForm(): CreateForm | null {
  const models = useSlice('models');
  const settings = useSlice('settings');
  const machine = useSlice('machine');
  const environment = useSlice('environment');
  const engine = useSlice('engine');
  const measurements = useSlice('measurements');
  const local = useDraft((state) => state.draft);
  const found = currentDraft(local ?? settings.draft, models);

  useEffect(() => {
    if (local === null) return;
    const timer = window.setTimeout(
      () => void send(window.splitreel.updateSettings({ draft: local })),
      PERSIST_AFTER_MS,
    );
    return () => window.clearTimeout(timer);
  }, [local]);

  if (found === null) return null;
  const { draft, model } = found;
  const { request } = draft;
  const devices = chosenDevices(machine, settings);
  const ready = readyForm(model, draft, devices, measurements);

  const problems: string[] = [];
  if (ready === null) problems.push(copy.create.missing.model);
  else {
    problems.push(...checkRequest(ready.shape, request).map(reasonText));
    problems.push(...checkPlan(ready.context, ready.plan).map(reasonText));
  }
  const blocked = engine.kernels.find((state) => state.kernel === request.attention)?.reason ?? null;
  if (blocked !== null) problems.push(reasonText(blocked));
  if (environment.status === 'installing' && !environment.hasWorkingSlot) problems.push(copy.create.missing.installing);
  if (environment.status === 'missing' || (environment.status === 'failed' && !environment.hasWorkingSlot))
    problems.push(copy.create.missing.environment);

  const plan = ready?.plan ?? draft.plan;
  return {
    model,
    models,
    draft,
    devices,
    ready,
    problems,
    setRequest: (change) => changeDraft({ ...draft, plan, request: { ...request, ...change } }),
    setPlan: (next, isPlanAutomatic) => changeDraft({ ...draft, plan: next, isPlanAutomatic }),
    setModel: (next) => changeDraft({ ...draft, plan, request: requestForModel(request, next) }),
    generate: () => {
      if (problems.length > 0) return;
      followRunningJob();
      void send(window.splitreel.enqueueJob({ request, plan, devices: [...jobDevices(devices, worldSize(plan))] }));
    },
  };
}

function readyForm(
  model: ModelEntry,
  draft: Draft,
  devices: ChosenDevices,
  measurements: Parameters<typeof measuredSteps>[0],
): CreateForm['ready'] {
  if (model.state.status !== 'ready') return null;
  const { shape } = model.state;
  const context = planContext(shape, draft.request, devices);
  const measured = measuredSteps(measurements, draft.request, devices);
  return { shape, memory: model.state.memory ?? null, context, measured, plan: currentPlan(context, draft, measured) };
}
