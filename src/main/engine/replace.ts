/**
 * Changes the environment that the engine runs from. A running job ends with the one that it started with; no other
 * starts before the engine has been started again.
 */
import type { WorkerEvent } from '../../shared/protocol';
import type { Engine } from './engine';

export interface ReplaceableEngine extends Engine {
  /** Stops the engine if no job runs. Otherwise the end of the job starts it again. */
  readonly replace: () => Promise<void>;
  /** True while a job runs with an environment that is no longer the current one. */
  readonly isReplaced: () => boolean;
  readonly handleEvent: (event: WorkerEvent) => void;
  /** The engine has ended. If it starts again, then from the current environment. */
  readonly handleLost: () => void;
}

const JOB_ENDS: readonly WorkerEvent['type'][] = ['jobFinished', 'jobFailed', 'jobCanceled'];

export function replaceable(engine: Engine): ReplaceableEngine {
  let hasJob = false;
  let isReplaced = false;
  return {
    ...engine,
    isReady: () => !isReplaced && engine.isReady(),
    send: (command) => {
      const isSent = engine.send(command);
      hasJob ||= isSent && command.type === 'startJob';
      return isSent;
    },
    isReplaced: () => isReplaced,
    replace: async () => {
      if (hasJob) isReplaced = true;
      else await engine.stop();
    },
    handleEvent: ({ type }) => {
      if (!JOB_ENDS.includes(type)) return;
      hasJob = false;
      if (isReplaced) void engine.stop().then(engine.start);
    },
    handleLost: () => {
      hasJob = false;
      isReplaced = false;
    },
  };
}
