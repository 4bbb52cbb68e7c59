import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { WebError, type PostOptions, type PostOutcome, type Web } from '../../ports/web';

/** `ca`: certificates to trust instead of the usual ones; for tests. */
export function createWeb(ca?: string): Web {
  const trusted = ca === undefined ? {} : { ca };
  return {
    get: (address, { maxBytes, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const fail = (kind: WebError['kind'], message: string): void => {
          reject(new WebError(kind, message));
          sentRequest.destroy();
        };
        const sentRequest = request(address, { ...trusted, agent: false }, (response) => {
          if (response.statusCode !== 200) {
            fail('refused', `status ${String(response.statusCode)}`);
            return;
          }
          readAll(response, maxBytes, {
            onEnd: resolve,
            onTooLong: () => fail('refused', `more than ${String(maxBytes)} bytes`),
          });
        });
        const timer = setTimeout(() => fail('unreachable', 'no answer in time'), timeoutMs);
        sentRequest.on('error', (error) => reject(new WebError('unreachable', error.message)));
        sentRequest.on('close', () => clearTimeout(timer));
        sentRequest.end();
      }),
    post: (address, options) => post(address, options, trusted),
  };
}

const post = (address: string, options: PostOptions, trusted: { readonly ca?: string }): Promise<PostOutcome> =>
  new Promise((resolve) => {
    const { headers, body, maxBytes, timeoutMs, signal } = options;
    const send = new URL(address).protocol === 'https:' ? request : requestHttp;
    const requestOptions: RequestOptions = {
      ...trusted,
      method: 'POST',
      agent: false,
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    };
    const end = (outcome: PostOutcome): void => {
      resolve(outcome);
      sent.destroy();
    };
    const fail = (error: Error): void => end({ kind: 'unreachable', problem: error.message });
    const sent = send(address, requestOptions, (response) => {
      response.on('error', fail);
      response.on('aborted', () => fail(new Error('the connection was closed before the end of the answer')));
      readAll(response, maxBytes, {
        onEnd: (bytes) =>
          resolve({ kind: 'answered', status: response.statusCode ?? 0, text: new TextDecoder().decode(bytes) }),
        onTooLong: () => end({ kind: 'tooLong' }),
      });
    });
    const timer = setTimeout(() => end({ kind: 'timedOut' }), timeoutMs);
    const cancel = (): void => end({ kind: 'canceled' });
    signal.addEventListener('abort', cancel, { once: true });
    sent.on('error', fail);
    sent.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    });
    sent.end(body);
    if (signal.aborted) cancel();
  });

function readAll(
  response: IncomingMessage,
  maxBytes: number,
  { onEnd, onTooLong }: { readonly onEnd: (bytes: Uint8Array) => void; readonly onTooLong: () => void },
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) onTooLong();
    else chunks.push(chunk);
  });
  response.on('end', () => onEnd(Buffer.concat(chunks)));
}
