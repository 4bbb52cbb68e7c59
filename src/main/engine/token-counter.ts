/** Counts a prompt's tokens in the running engine. */
import { SplitreelError } from '../../shared/errors';
import type { WorkerCommand, WorkerEvent } from '../../shared/protocol';
import type { Clock } from '../ports/clock';
import type { Random } from '../ports/random';

const TIMEOUT_MS = 20_000;

interface TokenCount {
  readonly tokens: number;
  readonly max: number;
}

interface Pending {
  readonly resolve: (count: TokenCount | null) => void;
  readonly reject: (error: unknown) => void;
}

export interface TokenCounter {
  /** Null if no engine is ready, if it ends meanwhile, or if it doesn't answer in time. */
  readonly count: (modelPath: string, text: string) => Promise<TokenCount | null>;
  /** Handles the engine's answers and ignores other events. */
  readonly onEvent: (event: WorkerEvent) => void;
  /** The engine has ended. */
  readonly abandon: () => void;
}

export function createTokenCounter(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  send: (command: WorkerCommand) => boolean,
): TokenCounter {
  const pending = new Map<string, Pending>();
  return {
    count: async (modelPath, text) => {
      const requestId = random.id();
      if (!send({ type: 'countTokens', requestId, modelPath, text })) return null;
      let stopTimer = (): void => undefined;
      try {
        return await new Promise<TokenCount | null>((resolve, reject) => {
          pending.set(requestId, { resolve, reject });
          stopTimer = clock.after(TIMEOUT_MS, () => resolve(null));
        });
      } finally {
        stopTimer();
        pending.delete(requestId);
      }
    },
    onEvent: (event) => {
      if (event.type === 'tokensCounted')
        pending.get(event.requestId)?.resolve({ tokens: event.tokens, max: event.max });
      else if (event.type === 'requestFailed') pending.get(event.requestId)?.reject(new SplitreelError(event.error));
    },
    abandon: () => {
      for (const { resolve } of pending.values()) resolve(null);
    },
  };
}
