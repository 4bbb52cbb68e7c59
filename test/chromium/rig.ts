/** The built window as a web page on this machine, with the answers, headers and ranges of the app's own protocol. */
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { build } from 'vite';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { answerAppRequest } from '../../src/main/window/app-protocol';
import { APP_ORIGIN } from '../../src/shared/urls';
import { ROOT } from '../../src/cli/paths';

export interface Rig {
  readonly address: string;
  /** The fake main process, to run before the page's own scripts. */
  readonly script: string;
  /** Status and range of each request for a video. */
  readonly media: { readonly status: number; readonly range: string | null }[];
  readonly close: () => Promise<void>;
}

export async function openRig(): Promise<Rig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'splitreel-chromium-'));
  const file = path.join(folder, 'video.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=8:duration=4'];
  await execa('ffmpeg', ['-loglevel', 'error', ...source, '-pix_fmt', 'yuv420p', '-movflags', '+faststart', file]);
  const media: Rig['media'] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const range = request.headers.range ?? null;
    const url = `${APP_ORIGIN}${request.url ?? '/'}`;
    const { status, headers, body } = await answerAppRequest(
      {
        files: nodeFiles,
        windowFolder: path.join(ROOT, 'out', 'renderer'),
        locateVideo: () => ({ folder, file }),
        locateThumbnail: () => Promise.resolve(null),
        locatePreview: () => null,
        locateFirstFrame: () => null,
      },
      { url, method: request.method ?? 'GET', range },
    );
    if (request.url?.startsWith('/media/') === true) media.push({ status, range });
    response.writeHead(status, headers);
    // A seeking page aborts the response it was reading.
    if (body === null) response.end();
    else
      Readable.from(body)
        .on('error', () => response.destroy())
        .pipe(response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    script: await bundle(),
    media,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function bundle(): Promise<string> {
  const entry = path.join(import.meta.dirname, 'fake-window.ts');
  const made = await build({
    configFile: false,
    logLevel: 'error',
    root: ROOT,
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'fake', fileName: 'fake' } },
  });
  const [output] = Array.isArray(made) ? made : [];
  const [chunk] = output?.output ?? [];
  if (chunk?.type !== 'chunk') throw new Error('the fake main process was not bundled');
  return chunk.code;
}
