/** Rewrites a prompt with the configured command or server. Nothing of it is logged. */
import { appError, SplitreelError } from '../../shared/errors';
import type { ModelEntry } from '../../shared/models';
import {
  endpointOrigin,
  MAX_REWRITTEN_CHARACTERS,
  promptInAnswer,
  USUAL_TARGET,
  type PromptTarget,
  type Rewriter,
} from '../../shared/rewriting';
import type { Settings } from '../../shared/settings';
import type { Slices } from '../../shared/ipc';
import type { Environ } from '../engine/worker-environment';
import type { Processes } from '../ports/processes';
import type { Web } from '../ports/web';
import { openStoredSecret, type StoredSecretPorts } from '../state/stored-secret';
import { askCommand } from './command';
import { askEndpoint } from './endpoint';

/** Long enough to load a large language model from a slow disk. */
const TIMEOUT_MS = 180_000;

export interface RewritingPorts extends StoredSecretPorts {
  readonly processes: Pick<Processes, 'run'>;
  readonly web: Pick<Web, 'post'>;
}

export interface RewritingOptions {
  readonly keyFile: string;
  readonly env: Environ;
  /** Where the command runs. */
  readonly cwd: string;
  readonly settings: () => Pick<Settings, 'rewriter' | 'rewriteInstruction'>;
  readonly models: () => readonly ModelEntry[];
  readonly onState: (state: Slices['rewriting']) => void;
  readonly timeoutMs?: number;
}

export interface Rewriting {
  /** Returns the rewritten prompt, or null if canceled. A new call cancels the previous one. Throws REWRITE_ errors. */
  readonly rewrite: (input: { readonly modelId: string | null; readonly text: string }) => Promise<string | null>;
  readonly cancel: () => void;
  /** Null: none. */
  readonly setKey: (key: string | null) => Promise<void>;
  /** A key is for one server: another one never gets it. */
  readonly forgetKeyUnlessFor: (rewriter: Rewriter) => Promise<void>;
}

export async function openRewriting(ports: RewritingPorts, options: RewritingOptions): Promise<Rewriting> {
  const { settings, env, cwd, timeoutMs = TIMEOUT_MS } = options;
  const key = await openStoredSecret(ports, { file: options.keyFile, name: 'key of the rewriting server' });
  const publish = (): void => options.onState({ hasKey: key.get() !== null, isKeyKept: key.isKept() });
  publish();
  let current: AbortController | null = null;
  const cancel = (): void => current?.abort();
  const ask = (text: string, target: PromptTarget, signal: AbortSignal): Promise<string | null> => {
    const { rewriter, rewriteInstruction } = settings();
    switch (rewriter.kind) {
      case 'off':
        throw new SplitreelError(appError('REWRITE_OFF'));
      case 'command':
        return askCommand(ports.processes, { command: rewriter.command, text, env, cwd, timeoutMs, signal });
      case 'endpoint':
        return askEndpoint(ports.web, {
          ...rewriter,
          key: key.get(),
          instruction: rewriteInstruction,
          target,
          text,
          timeoutMs,
          signal,
        });
    }
  };
  const clearKey = async (): Promise<void> => {
    await key.clear();
    publish();
  };
  return {
    rewrite: async ({ modelId, text }) => {
      cancel();
      const own = new AbortController();
      current = own;
      const answer = await ask(text, targetOf(options.models(), modelId), own.signal);
      return answer === null || own.signal.aborted ? null : promptOf(answer);
    },
    cancel,
    setKey: async (given) => {
      if (given === null) {
        await clearKey();
        return;
      }
      await key.set(given);
      publish();
    },
    forgetKeyUnlessFor: async ({ address }) => {
      if (endpointOrigin(address) !== endpointOrigin(settings().rewriter.address)) await clearKey();
    },
  };
}

function targetOf(models: readonly ModelEntry[], modelId: string | null): PromptTarget {
  const state = models.find(({ id }) => id === modelId)?.state;
  if (state?.status !== 'ready') return USUAL_TARGET;
  return { maxTokens: state.shape.maxTextTokens, hasImage: state.shape.task === 'image-to-video' };
}

function promptOf(answer: string): string {
  const prompt = promptInAnswer(answer);
  if (prompt === '') throw new SplitreelError(appError('REWRITE_ANSWER_EMPTY'));
  if (prompt.length > MAX_REWRITTEN_CHARACTERS) throw new SplitreelError(appError('REWRITE_ANSWER_TOO_LONG'));
  return prompt;
}
