/** Pending requests to the downloader. */
import type { HubEvent } from '../../shared/download';
import { SplitreelError, type AppError } from '../../shared/errors';

/** The answer or failure that an event gives for a request; null if it is about something else. */
export type Answer<T> = { readonly value: T } | { readonly error: AppError } | null;

interface Pending {
  /** True: answered. */
  readonly take: (event: HubEvent) => boolean;
  readonly fail: (error: AppError) => void;
}

export interface HubRequests {
  /** Resolves or rejects with the first event that `answerIn` recognizes. */
  readonly answer: <T>(answerIn: (event: HubEvent) => Answer<T>) => Promise<T>;
  readonly onEvent: (event: HubEvent) => void;
  readonly failAll: (error: AppError) => void;
}

export function createHubRequests(): HubRequests {
  let pending: readonly Pending[] = [];
  return {
    answer: <T>(answerIn: (event: HubEvent) => Answer<T>) =>
      new Promise<T>((resolve, reject) => {
        const fail = (error: AppError): void => reject(new SplitreelError(error));
        const take = (event: HubEvent): boolean => {
          const answer = answerIn(event);
          if (answer === null) return false;
          if ('error' in answer) fail(answer.error);
          else resolve(answer.value);
          return true;
        };
        pending = [...pending, { take, fail }];
      }),
    onEvent: (event) => {
      pending = pending.filter(({ take }) => !take(event));
    },
    failAll: (error) => {
      const lost = pending;
      pending = [];
      for (const { fail } of lost) fail(error);
    },
  };
}
