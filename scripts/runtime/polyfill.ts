/**
 * APIs that the app uses and Electron 22 (Node 16, Chromium 108) lacks. Loaded before the app, only in the fallback
 * runtime, so that the app needs no special case. Not part of a release.
 */
import 'core-js/full';
import { execFile } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import events from 'node:events';
import fs from 'node:fs';
import stream from 'node:stream';
import web from 'node:stream/web';
import util from 'node:util';
import { fetch, FormData, Headers, Request, Response } from 'undici';

/** Adds missing properties and keeps existing ones. */
function fill(target: object, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (name in target) continue;
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  }
}

const { ReadableStream, WritableStream, TransformStream, TextDecoderStream, TextEncoderStream } = web;
fill(globalThis, { fetch, FormData, Headers, Request, Response, crypto: webcrypto });
fill(globalThis, { ReadableStream, WritableStream, TransformStream, TextDecoderStream, TextEncoderStream });

function anySignal(signals: Iterable<AbortSignal>): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }
  return controller.signal;
}
fill(AbortSignal, { any: anySignal });

/** Colors are for terminals; the app's output goes to a log. */
const styleText = (_format: unknown, text: string): string => text;
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
fill(util, { styleText, aborted });

const BYTES_AT_ONCE = 16_384;
const OBJECTS_AT_ONCE = 16;
fill(stream, {
  getDefaultHighWaterMark: (objectMode: boolean) => (objectMode ? OBJECTS_AT_ONCE : BYTES_AT_ONCE),
});

function addAbortListener(signal: AbortSignal, listener: () => void): { readonly [Symbol.dispose]: () => void } {
  if (signal.aborted) queueMicrotask(listener);
  else signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
}
fill(events, { addAbortListener });

/** Size and free space of a file system, from `stat -f`. */
function statfs(path: string): Promise<Readonly<Record<string, number>>> {
  return new Promise((resolve, reject) => {
    execFile('stat', ['-f', '-c', '%S %b %f %a', path], (error, stdout) => {
      if (error !== null) {
        reject(new Error(`stat -f failed for ${path}`, { cause: error }));
        return;
      }
      const [bsize = 0, blocks = 0, bfree = 0, bavail = 0] = stdout.trim().split(' ').map(Number);
      resolve({ bsize, blocks, bfree, bavail });
    });
  });
}
fill(fs.promises, { statfs });
