/**
 * Every call from the window passes through here: check the sender, parse the input, run, parse the output, return a
 * Result.
 */
import type { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { calls, type CallName } from '../../shared/ipc';
import { err, ok, type Result } from '../../shared/result';
import { APP_SCHEME } from '../../shared/urls';
import { toAppError } from '../ports/files';
import type { Log } from '../ports/log';
import type { CallHandlers } from './calls';

/** The sender as Electron reports it; the frame is null once it is gone. */
export interface Sender {
  readonly webContentsId: number;
  readonly frame: { readonly url: string; readonly isMainFrame: boolean } | null;
}

const WINDOW_HOST = 'splitreel';

/** Only our window's main frame on our own origin. */
export function isTrustedSender(sender: Sender, windowId: number | null): boolean {
  if (windowId === null || sender.webContentsId !== windowId || sender.frame?.isMainFrame !== true) return false;
  let url: URL;
  try {
    url = new URL(sender.frame.url);
  } catch {
    return false;
  }
  // Node's URL reports the origin 'null' for unknown schemes, so the parts are compared.
  const isOurs = url.protocol === `${APP_SCHEME}:` && url.hostname === WINDOW_HOST;
  return isOurs && url.port === '' && url.username === '' && url.password === '';
}

export interface RouterOptions {
  readonly handlers: CallHandlers;
  /** The window's webContents id; null without a window. */
  readonly windowId: () => number | null;
  readonly log: Log;
}

export type Router = (sender: Sender, name: unknown, input: unknown) => Promise<Result<unknown, AppError>>;

const isCallName = (name: unknown): name is CallName => typeof name === 'string' && Object.hasOwn(calls, name);

export function createRouter({ handlers, windowId, log }: RouterOptions): Router {
  const runCall = async (name: CallName, input: unknown): Promise<Result<unknown, AppError>> => {
    // Indexing by a name loses the link between a call's two schemas and its handler, which the types
    // CallHandlers and CallInput hold; these two lines state it again.
    const schemas: { readonly input: z.ZodType; readonly output: z.ZodType } = calls[name];
    const handler = handlers[name] as (input: unknown) => unknown;
    const parsed = schemas.input.safeParse(input);
    if (!parsed.success) {
      log.warn(`refused ${name}: ${parsed.error.message}`);
      return err(appError('CALL_REFUSED', {}, { details: parsed.error.message }));
    }
    try {
      return ok(schemas.output.parse(await handler(parsed.data)));
    } catch (error) {
      if (error instanceof SplitreelError) return err(error.error);
      log.error(`call ${name} failed`, error);
      return err(toAppError(error));
    }
  };

  return async (sender, name, input) => {
    if (!isTrustedSender(sender, windowId())) {
      log.warn(`refused a call from ${sender.frame?.url ?? 'a frame that is gone'}`);
      return err(appError('CALL_REFUSED'));
    }
    if (!isCallName(name)) {
      log.warn('refused a call that is not in the table');
      return err(appError('CALL_REFUSED'));
    }
    return runCall(name, input);
  };
}
