/** From a request to a job: its plan, its devices, and into the queue. */
import type { CallInput, Slices } from '../../shared/ipc';
import type { JobInput } from '../../shared/job';
import type { ModelShape } from '../../shared/model';
import { nearestToPlan, recommendPlan, worldSize, type Plan } from '../../shared/plan';
import type { GenerateRequest } from '../../shared/sampling';
import { jobDevices, type ChosenDevices } from './devices';
import { measuredSteps, planContext } from './draft';
import { saveDraftNow } from './keep-draft';
import { followRunningJob } from './navigation';
import { send } from './send';

export interface PlannedRequest {
  readonly shape: ModelShape;
  readonly request: GenerateRequest;
  readonly devices: ChosenDevices;
  readonly measurements: Slices['measurements'];
}

/** The requested plan or the nearest valid one; without a request, the recommended plan. */
export function jobInput({ shape, request, devices, measurements }: PlannedRequest, wanted: Plan | null): JobInput {
  const context = planContext(shape, request, devices);
  const plan =
    wanted === null
      ? recommendPlan(context, measuredSteps(measurements, request, devices)).plan
      : nearestToPlan(context, wanted);
  return { request, plan, devices: [...jobDevices(devices, worldSize(plan))] };
}

/** `typed` goes into the prompt history: a text that expands to several prompts stays one entry. */
export function enqueueJobs(jobs: readonly JobInput[], typed: CallInput<'rememberPrompt'>): void {
  if (jobs.length === 0) return;
  saveDraftNow();
  followRunningJob();
  void send(window.splitreel.enqueueJobs({ jobs: [...jobs] }));
  void send(window.splitreel.rememberPrompt(typed));
}
