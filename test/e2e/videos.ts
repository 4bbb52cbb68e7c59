/** Videos for specs that need no engine. */
import { execFileSync } from 'node:child_process';
import { renameSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { metadata } from '../fakes/mp4';
import { request } from '../fakes/request';

interface Source {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly seconds: number;
}

const SMALL: Source = { width: 256, height: 160, frameRate: 8, seconds: 2 };

/** Makes a video with our metadata, without the engine. */
export function makeVideo(folder: string, prompt: string, index: number, made = SMALL): void {
  const { width, height, frameRate, seconds } = made;
  const comment = JSON.stringify(metadata({ request: request({ prompt, seed: index, width, height }) }));
  const file = path.join(folder, `.${String(index)}.mp4`);
  const source = `testsrc2=size=${String(width)}x${String(height)}:rate=${String(frameRate)}:duration=${String(seconds)},hue=h=${String(index * 70)}`;
  const args = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    source,
    '-preset',
    'ultrafast',
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
