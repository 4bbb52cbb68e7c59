/** Handlers of the contract's calls. Each area defines its own next to its service; compose/app.ts combines them. */
import type { CallInput, CallName, CallOutput } from '../../shared/ipc';

export type CallHandlers = {
  readonly [K in CallName]: (input: CallInput<K>) => CallOutput<K> | Promise<CallOutput<K>>;
};

/** The calls of one area. */
export type Calls<K extends CallName> = Pick<CallHandlers, K>;
