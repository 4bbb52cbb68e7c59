import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { WebError, type GetOptions, type PostOptions, type PostOutcome, type Web } from '../../ports/web';

/** Downloads of a GitHub release take two. */
const MAX_REDIRECTS = 5;

interface Trusted {
  readonly ca?: string;
}

/** `ca`: certificates to trust instead of the usual ones; for tests. */
export function createWeb(ca?: string): Web {
  const trusted = ca === undefined ? {} : { ca };
  return {
    get: (address, options) => get(address, options, trusted),
    post: (address, options) => post(address, options, trusted),
  };
}

async function get(address: string, { maxBytes, timeoutMs }: GetOptions, trusted: Trusted): Promise<Uint8Array> {
  const options = { ...trusted, agent: false, signal: AbortSignal.timeout(timeoutMs) };
  let next = address;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const answer = await getOnce(next, options, maxBytes);
    if (typeof answer !== 'string') return answer;
    next = answer;
  }
  throw new WebError('refused', `more than ${String(MAX_REDIRECTS)} redirects`);
}

/** The content, or the address of a redirect. */
const getOnce = (address: string, options: RequestOptions, maxBytes: number): Promise<Uint8Array | string> =>
  new Promise((resolve, reject) => {
    const fail = (kind: WebError['kind'], message: string): void => {
      reject(new WebError(kind, message));
      sent.destroy();
    };
    const lose = ({ name, message }: Error): void =>
      fail('unreachable', name === 'AbortError' ? 'no answer in time' : message);
    const sent = request(address, options, (response) => {
      const { statusCode = 0, headers } = response;
      response.on('error', lose);
      response.on('aborted', () => lose(new Error('the connection was closed before the end of the answer')));
      if (statusCode === 200) {
        readAll(response, maxBytes, {
          onEnd: resolve,
          onTooLong: () => fail('refused', `more than ${String(maxBytes)} bytes`),
        });
        return;
      }
      const target = statusCode >= 300 && statusCode < 400 ? httpsTarget(headers.location, address) : null;
      if (target === null) fail('refused', `status ${String(statusCode)}`);
      else {
        resolve(target);
        sent.destroy();
      }
    });
    sent.on('error', lose);
    sent.end();
  });

/** Null for a redirect that leaves https. */
function httpsTarget(location: string | undefined, from: string): string | null {
  try {
    const url = new URL(location ?? '', from);
    return location !== undefined && url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

const post = (address: string, options: PostOptions, trusted: Trusted): Promise<PostOutcome> =>
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
