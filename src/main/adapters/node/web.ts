import { request } from 'node:https';
import { WebError, type Web } from '../../ports/web';

/** `ca`: certificates to trust instead of the usual ones; for tests. */
export function createWeb(ca?: string): Web {
  return {
    get: (address, { maxBytes, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const fail = (kind: WebError['kind'], message: string): void => {
          reject(new WebError(kind, message));
          asked.destroy();
        };
        const asked = request(address, { ...(ca === undefined ? {} : { ca }), agent: false }, (response) => {
          if (response.statusCode !== 200) {
            fail('refused', `status ${String(response.statusCode)}`);
            return;
          }
          const chunks: Buffer[] = [];
          let length = 0;
          response.on('data', (chunk: Buffer) => {
            length += chunk.length;
            if (length > maxBytes) fail('refused', `more than ${String(maxBytes)} bytes`);
            else chunks.push(chunk);
          });
          response.on('end', () => resolve(Buffer.concat(chunks)));
        });
        const timer = setTimeout(() => fail('unreachable', 'no answer in time'), timeoutMs);
        asked.on('error', (error) => reject(new WebError('unreachable', error.message)));
        asked.on('close', () => clearTimeout(timer));
        asked.end();
      }),
  };
}
