/**
 * The downloader's process, started by the first request and kept for the next ones. The token goes to its stdin;
 * its commands are never logged.
 */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { hubCommandSchema, hubEventSchema, type HubCommand, type HubEvent } from '../../shared/download';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import { attachJsonLines, type Ending, type JsonLinesProcess } from '../json-lines/json-lines-process';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { Processes } from '../ports/processes';
import type { Random } from '../ports/random';
import { singleFlight } from '../state/single-flight';
import { createHubRequests, type Answer } from './hub-requests';

type Of<T extends HubEvent['type']> = Extract<HubEvent, { readonly type: T }>;
type Params<T extends HubCommand['type']> = Omit<Extract<HubCommand, { readonly type: T }>, 'type'>;

export interface Hub {
  readonly inspect: (repo: string, revision: string) => Promise<Of<'inspected'>>;
  /** Throws the error that ended it; returns `paused` after a pause. */
  readonly download: (
    params: Params<'download'>,
    onProgress: (event: Of<'downloadProgressed'>) => void,
  ) => Promise<'finished' | 'paused'>;
  readonly pause: (modelId: string) => void;
  readonly verify: (
    params: Params<'verify'>,
    onProgress: (event: Of<'verifyProgressed'>) => void,
  ) => Promise<Of<'verified'>>;
  /** Sends changed settings, or another token, to the running process. */
  readonly configure: () => void;
  readonly stop: () => Promise<void>;
}

export interface HubPorts {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly python: () => Promise<CurrentPython | null>;
  readonly settings: () => Params<'configure'>;
  readonly env: Environ;
  readonly cwd: string;
}

/** No HF_TOKEN and none of huggingface_hub's own files: the token is the one entered in the window. */
const SET = {
  PYTHONNOUSERSITE: '1',
  HF_HUB_DISABLE_XET: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  HF_HUB_DISABLE_UPDATE_CHECK: '1',
} as const;

export const hubEnvironment = (env: Environ): Record<string, string> => ({
  ...pick(env, 'base', 'models', 'network'),
  ...SET,
});

type Downloader = JsonLinesProcess<HubCommand>;

/** The downloader ends within two seconds of its stdin, whatever the network does. */
const RUNG_MS = 3_000;

export function createHub(ports: HubPorts): Hub {
  const { log } = ports;
  const requests = createHubRequests();
  let downloader: Downloader | null = null;

  const onEvent = (event: HubEvent): void => {
    if (event.type === 'hubReady') log.info(`downloader ready: ${JSON.stringify(event.versions)}`);
    requests.onEvent(event);
  };
  const starting = singleFlight(async (): Promise<Downloader> => {
    const started = await startDownloader(ports, onEvent);
    downloader = started;
    void started.ended.then((ending) => {
      if (downloader === started) downloader = null;
      requests.failAll(interruption(ending));
    });
    started.send({ type: 'configure', ...ports.settings() });
    return started;
  });
  /** Sends a command and waits for the event that answers it. */
  const request = async <T>(command: HubCommand, answerIn: (event: HubEvent) => Answer<T>): Promise<T> => {
    const started = downloader ?? (await starting.run());
    const answer = requests.answer(answerIn);
    started.send(command);
    return answer;
  };
  return {
    inspect: (repo, revision) => {
      const requestId = ports.random.id();
      return request<Of<'inspected'>>({ type: 'inspect', requestId, repo, revision }, (event) => {
        if (event.type === 'inspected' && event.requestId === requestId) return { value: event };
        return event.type === 'inspectFailed' && event.requestId === requestId ? { error: event.error } : null;
      });
    },
    download: (params, onProgress) =>
      request<'finished' | 'paused'>({ type: 'download', ...params }, (event) => {
        if (!('modelId' in event) || event.modelId !== params.modelId) return null;
        if (event.type === 'downloadProgressed') onProgress(event);
        if (event.type === 'downloadFinished') return { value: 'finished' };
        if (event.type === 'downloadPaused') return { value: 'paused' };
        return event.type === 'downloadFailed' ? { error: event.error } : null;
      }),
    pause: (modelId) => downloader?.send({ type: 'pause', modelId }),
    verify: (params, onProgress) =>
      request<Of<'verified'>>({ type: 'verify', ...params }, (event) => {
        if (!('modelId' in event) || event.modelId !== params.modelId) return null;
        if (event.type === 'verifyProgressed') onProgress(event);
        if (event.type === 'verified') return { value: event };
        return event.type === 'verifyFailed' ? { error: event.error } : null;
      }),
    configure: () => downloader?.send({ type: 'configure', ...ports.settings() }),
    stop: async () => {
      const started = downloader ?? (await starting.current()?.catch(() => null));
      await started?.stop();
    },
  };
}

async function startDownloader(ports: HubPorts, onEvent: (event: HubEvent) => void): Promise<Downloader> {
  const { processes, clock, log } = ports;
  const current = await ports.python();
  if (current === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
  const process = processes.startWorker(current.python, {
    args: [...current.entry, 'hub'],
    env: hubEnvironment(ports.env),
    cwd: ports.cwd,
  });
  return attachJsonLines({
    name: 'downloader',
    process,
    processes,
    clock,
    log,
    commandSchema: hubCommandSchema,
    eventSchema: hubEventSchema,
    onEvent,
    rungMs: RUNG_MS,
  });
}

function interruption(ending: Ending & { readonly lastOutput: string }): AppError {
  const { problem, signal, code } =
    ending.kind === 'exited' ? ending.exit : { problem: ending.kind, signal: null, code: null };
  const exit = problem ?? signal ?? `exit code ${String(code)}`;
  const output = ending.kind === 'protocolBroken' ? ending.problem : ending.lastOutput;
  return appError('DOWNLOAD_INTERRUPTED', {}, { details: `${exit}\n${output}` });
}
