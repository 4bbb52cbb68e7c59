/** Videos for specs that need no engine. */
import { execFileSync } from 'node:child_process';
import { renameSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { metadata } from '../fakes/mp4';
import { request } from '../fakes/request';

/** Makes a short video with our metadata, without the engine. */
export function makeVideo(folder: string, prompt: string, index: number): void {
  const comment = JSON.stringify(metadata({ request: request({ prompt, seed: index, width: 256, height: 160 }) }));
  const file = path.join(folder, `.${String(index)}.mp4`);
  const source = `testsrc2=size=256x160:rate=8:duration=2,hue=h=${String(index * 70)}`;
  const args = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    source,
    '-pix_fmt',
    'yuv420p',
    '-metadata',
    `comment=${comment}`,
    file,
  ];
  execFileSync('ffmpeg', args);
  utimesSync(file, 1_700_000_000 - index, 1_700_000_000 - index);
  renameSync(file, path.join(folder, `${prompt}.mp4`));
}
