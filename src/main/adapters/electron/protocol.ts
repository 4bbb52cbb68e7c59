import { protocol } from './electron-api';
import { APP_SCHEME } from '../../../shared/urls';
import type { Log } from '../../ports/log';
import { answerAppRequest, type AppProtocolPorts } from '../../window/app-protocol';

/** Before the app is ready. No bypassCSP, no corsEnabled: the page has no more rights than an ordinary web page. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
}

export function handleAppScheme(ports: AppProtocolPorts, log: Log): void {
  protocol.handle(APP_SCHEME, async (request) => {
    try {
      const { url, method, headers, signal } = request;
      const answer = await answerAppRequest(ports, { url, method, range: headers.get('range'), signal });
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    } catch (error) {
      log.error(`${request.url} could not be served`, error);
      return new Response(null, { status: 500 });
    }
  });
}
