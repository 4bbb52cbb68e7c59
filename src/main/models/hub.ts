/**
 * The downloader's process, started when something is asked of it and kept while it is of use. The token goes to its
 * stdin; what it says is logged by kind only, never its commands.
 */
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { hubEventSchema, type HubCommand, type HubEvent } from '../../shared/download';
import { createLineSplitter } from '../engine/line-splitter';
import { pick, type Environ } from '../engine/worker-environment';
import type { CurrentPython } from '../install/environment';
import type { Log } from '../ports/log';
import type { Processes, WorkerProcess } from '../ports/processes';
import type { Random } from '../ports/random';

type Of<T extends HubEvent['type']> = Extract<HubEvent, { readonly type: T }>;
type Wish<T extends HubCommand['type']> = Omit<Extract<HubCommand, { readonly type: T }>, 'type'>;

export interface Hub {
  readonly look: (repo: string, revision: string) => Promise<Of<'looked'>>;
  /** Throws what ended it; `paused` where that was asked for. */
  readonly download: (
    wish: Wish<'download'>,
    onProgress: (event: Of<'downloadProgressed'>) => void,
  ) => Promise<'finished' | 'paused'>;
  readonly pause: (modelId: string) => void;
  readonly verify: (
    wish: Wish<'verify'>,
    onProgress: (event: Of<'verifyProgressed'>) => void,
  ) => Promise<Of<'verified'>>;
  /** Tells a running process of changed settings or another token. */
  readonly configure: () => void;
  readonly stop: () => Promise<void>;
}

export interface HubPorts {
  readonly processes: Processes;
  readonly log: Log;
  readonly random: Random;
  readonly python: () => Promise<CurrentPython | null>;
  readonly settings: () => Wish<'configure'>;
  readonly env: Environ;
  readonly cwd: string;
}

const PASSED = [
  'HOME',
  'USER',
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SYSTEMROOT',
  'TEMP',
] as const;

/** No HF_TOKEN and none of huggingface_hub's own files: the token is the one that was typed in the window. */
const SET = {
  PYTHONNOUSERSITE: '1',
  HF_HUB_DISABLE_XET: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  HF_HUB_DISABLE_UPDATE_CHECK: '1',
} as const;

export const hubEnvironment = (env: Environ): Record<string, string> => ({ ...pick(env, PASSED), ...SET });

/** One thing that was asked and not yet answered: takes the events that are about it. */
interface Pending {
  readonly take: (event: HubEvent) => boolean;
  readonly fail: (error: AppError) => void;
}

const LAST_OUTPUT_CHARACTERS = 4_000;

export function createHub(ports: HubPorts): Hub {
  const { log } = ports;
  let process: WorkerProcess | null = null;
  let starting: Promise<WorkerProcess> | null = null;
  let pending: readonly Pending[] = [];

  const send = (to: WorkerProcess, command: HubCommand): void => to.writeLine(JSON.stringify(command));
  const hear = (event: HubEvent): void => {
    if (event.type === 'hubReady') log.info(`downloader ready: ${JSON.stringify(event.versions)}`);
    pending = pending.filter(({ take }) => !take(event));
  };
  const ended = (worker: WorkerProcess, error: AppError): void => {
    if (process !== worker) return;
    process = null;
    const lost = pending;
    pending = [];
    for (const each of lost) each.fail(error);
  };
  const start = async (): Promise<WorkerProcess> => {
    const current = await ports.python();
    if (current === null) throw new SplitreelError(appError('ENVIRONMENT_MISSING'));
    const worker = ports.processes.startWorker(current.python, {
      args: ['-I', '-m', 'splitreel', 'hub'],
      env: hubEnvironment(ports.env),
      cwd: ports.cwd,
    });
    process = worker;
    listen(worker, log, hear, (error) => {
      ended(worker, error);
    });
    send(worker, { type: 'configure', ...ports.settings() });
    return worker;
  };
  const running = (): Promise<WorkerProcess> => {
    if (process !== null) return Promise.resolve(process);
    starting ??= start().finally(() => {
      starting = null;
    });
    return starting;
  };
  /** Sends, and waits for the event that ends it. */
  const ask = async <T>(
    command: HubCommand,
    answer: (event: HubEvent, done: (value: T) => void, fail: (error: AppError) => void) => void,
  ): Promise<T> => {
    const worker = await running();
    return new Promise<T>((resolve, reject) => {
      const fail = (error: AppError): void => reject(new SplitreelError(error));
      const take = (event: HubEvent): boolean => {
        let isOver = false;
        answer(
          event,
          (value) => {
            isOver = true;
            resolve(value);
          },
          (error) => {
            isOver = true;
            fail(error);
          },
        );
        return isOver;
      };
      pending = [...pending, { take, fail }];
      send(worker, command);
    });
  };
  return {
    look: (repo, revision) => {
      const requestId = ports.random.id();
      return ask<Of<'looked'>>({ type: 'look', requestId, repo, revision }, (event, done, fail) => {
        if (event.type === 'looked' && event.requestId === requestId) done(event);
        if (event.type === 'lookFailed' && event.requestId === requestId) fail(event.error);
      });
    },
    download: (wish, onProgress) =>
      ask<'finished' | 'paused'>({ type: 'download', ...wish }, (event, done, fail) => {
        if (!('modelId' in event) || event.modelId !== wish.modelId) return;
        if (event.type === 'downloadProgressed') onProgress(event);
        if (event.type === 'downloadFinished') done('finished');
        if (event.type === 'downloadPaused') done('paused');
        if (event.type === 'downloadFailed') fail(event.error);
      }),
    pause: (modelId) => {
      if (process !== null) send(process, { type: 'pause', modelId });
    },
    verify: (wish, onProgress) =>
      ask<Of<'verified'>>({ type: 'verify', ...wish }, (event, done, fail) => {
        if (!('modelId' in event) || event.modelId !== wish.modelId) return;
        if (event.type === 'verifyProgressed') onProgress(event);
        if (event.type === 'verified') done(event);
        if (event.type === 'verifyFailed') fail(event.error);
      }),
    configure: () => {
      if (process !== null) send(process, { type: 'configure', ...ports.settings() });
    },
    stop: async () => {
      const worker = process ?? (await starting?.catch(() => null)) ?? null;
      if (worker === null) return;
      worker.endInput();
      // It ends within two seconds of its stdin, whatever the network does.
      const timer = setTimeout(() => worker.kill('SIGKILL'), 5_000);
      await worker.exited;
      clearTimeout(timer);
    },
  };
}

function listen(
  worker: WorkerProcess,
  log: Log,
  hear: (event: HubEvent) => void,
  onEnd: (error: AppError) => void,
): void {
  const splitter = createLineSplitter();
  let lastOutput = '';
  worker.onEventBytes((chunk) => {
    for (const line of splitter.push(chunk) ?? []) {
      const event = parse(line);
      if (event !== null) hear(event);
      else {
        log.error('the downloader said something that is not understood');
        worker.kill('SIGKILL');
      }
    }
  });
  worker.onOutput((text) => {
    lastOutput = (lastOutput + text).slice(-LAST_OUTPUT_CHARACTERS);
    log.info(`downloader: ${text.trimEnd()}`);
  });
  void worker.exited.then(({ code, signal, problem }) => {
    const cause = problem ?? signal ?? `exit code ${String(code)}`;
    log.info(`downloader ended (${cause})`);
    onEnd(appError('DOWNLOAD_INTERRUPTED', { problem: `the downloader ended (${cause})` }, { details: lastOutput }));
  });
}

function parse(line: string): HubEvent | null {
  try {
    const parsed = hubEventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
