/** Implements `protocol.handle` with Electron 22's `registerStreamProtocol`, including ranges and streams. */
import { app, protocol, type CustomScheme } from 'electron';
import path from 'node:path';
import { Readable } from 'node:stream';

interface StreamRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}
interface StreamResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly data: Readable;
}
interface OldProtocol {
  readonly registerStreamProtocol: (
    scheme: string,
    handler: (request: StreamRequest, callback: (response: StreamResponse) => void) => void,
  ) => boolean;
  readonly registerSchemesAsPrivileged: (schemes: CustomScheme[]) => void;
}
interface OldSession {
  readonly setPreloads?: (files: readonly string[]) => void;
}

type Handler = (request: Request) => Response | Promise<Response>;

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function handle(scheme: string, handler: Handler): void {
  const old = protocol as unknown as OldProtocol;
  old.registerStreamProtocol(scheme, ({ url, method, headers }, callback) => {
    const respond = async (): Promise<void> => {
      const response = await handler(new Request(url, { method, headers }));
      const data = response.body === null ? Readable.from([]) : Readable.from(chunksOf(response.body));
      // Leaving the page during a video aborts its stream, which is not an error.
      data.on('error', () => undefined);
      callback({ statusCode: response.status, headers: Object.fromEntries(response.headers), data });
    };
    respond().catch(() => callback({ statusCode: 500, headers: {}, data: Readable.from([]) }));
  });
}

export function addProtocolHandle(): void {
  if ('handle' in protocol && typeof protocol.handle === 'function') return;
  Object.defineProperty(protocol, 'handle', { value: handle, configurable: true });
}

/** Adds the preload that defines `webUtils`; in Electron 22, a File has its path as a property. */
export function addPreload(): void {
  app.on('session-created', (session) => {
    (session as unknown as OldSession).setPreloads?.([path.join(__dirname, 'preload.cjs')]);
  });
}
