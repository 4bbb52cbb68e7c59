/** Every call of the window passes through here: sender check, parse input, do, parse output, Result. */
import type { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { calls, type CallName } from '../../shared/ipc';
import { err, ok, type Result } from '../../shared/result';
import { APP_SCHEME } from '../../shared/urls';
import type { Log } from '../ports/log';
import type { CallHandlers } from './calls';

/** Who sent a message, as Electron says; the frame is null when it is gone already. */
export interface Sender {
  readonly webContentsId: number;
  readonly frame: { readonly url: string; readonly isMainFrame: boolean } | null;
}

const WINDOW_HOST = 'splitreel';

/** Our window's main frame on our own origin, and nothing else. */
export function isTrustedSender(sender: Sender, windowId: number | null): boolean {
  if (windowId === null || sender.webContentsId !== windowId || sender.frame?.isMainFrame !== true) return false;
  let url: URL;
  try {
    url = new URL(sender.frame.url);
  } catch {
    return false;
  }
  // Node's URL gives the origin 'null' to schemes that it does not know, so the parts are compared.
  const isOurs = url.protocol === `${APP_SCHEME}:` && url.hostname === WINDOW_HOST;
  return isOurs && url.port === '' && url.username === '' && url.password === '';
}

export interface RouterOptions {
  readonly handlers: CallHandlers;
  /** The webContents id of the window; null while there is none. */
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

/** Whatever was thrown, as data. */
export function toAppError(error: unknown): AppError {
  if (error instanceof SplitreelError) return error.error;
  return appError('INTERNAL', {}, { details: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
