/** Records the window of a running app scene by scene, and makes one animated image of the scenes. */
import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import type { RunningApp } from './harness';
import type { Pace } from './story';

const FRAMES_PER_SECOND = 10;
const WIDTH = 960;
/** Speed of the recording relative to real time. */
const SPEED = 1.5;
/** How long the pointer takes to reach a control, and how long a change stays on screen. */
const MOVE_MS = 350;
const VIEW_MS = 1_200;
const KEY_MS = 25;

export interface Recording {
  readonly pace: Pace;
  /** Records only inside scenes. */
  readonly scene: (run: () => Promise<void>) => Promise<void>;
  readonly save: (file: string) => void;
}

/** Writes its scenes to `folder`. */
export async function startRecording({ app, page }: RunningApp, folder: string): Promise<Recording> {
  const area = await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    if (window === undefined) throw new Error('no window');
    return window.getContentBounds();
  });
  await showPointer(page);
  const scenes: string[] = [];
  return {
    pace: visiblePace(page),
    scene: async (run) => {
      const file = path.join(folder, `scene-${String(scenes.length)}.mkv`);
      scenes.push(file);
      const grab = await startGrab(area, file);
      await run();
      grab.stdin?.end('q');
      await once(grab, 'close');
    },
    save: (file) => {
      const list = path.join(folder, 'scenes.txt');
      writeFileSync(list, scenes.map((scene) => `file '${scene}'\n`).join(''));
      const picture = `setpts=PTS/${String(SPEED)},fps=${String(FRAMES_PER_SECOND)},scale=${String(WIDTH)}:-2:flags=lanczos`;
      const webp = ['-c:v', 'libwebp_anim', '-quality', '75', '-compression_level', '5', '-loop', '0'];
      execFileSync('ffmpeg', [
        '-v',
        'error',
        '-y',
        '-f',
        'concat',
        '-safe',
        '0',
        '-i',
        list,
        '-vf',
        picture,
        ...webp,
        file,
      ]);
    },
  };
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Resolves when the first frame has been recorded. */
async function startGrab({ x, y, width, height }: Area, file: string): Promise<ChildProcess> {
  const display = `${process.env['DISPLAY'] ?? ''}+${String(x)},${String(y)}`;
  const size = `${String(width)}x${String(height)}`;
  const rate = String(FRAMES_PER_SECOND);
  const input = ['-f', 'x11grab', '-framerate', rate, '-draw_mouse', '0', '-video_size', size, '-i', display];
  const output = ['-c:v', 'libx264rgb', '-preset', 'ultrafast', '-qp', '0', '-progress', 'pipe:1', '-y', file];
  const grab = spawn('ffmpeg', ['-v', 'error', ...input, ...output], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(grab.stdout, 'data');
  // Otherwise the pipe fills and blocks it.
  grab.stdout.resume();
  return grab;
}

/** A test's clicks don't move the pointer on the screen, so a dot shows where they are. */
async function showPointer(page: Page): Promise<void> {
  await page.evaluate((moveMs) => {
    const dot = document.createElement('div');
    Object.assign(dot.style, {
      position: 'fixed',
      left: '-11px',
      top: '-11px',
      width: '22px',
      height: '22px',
      borderRadius: '50%',
      border: '2px solid white',
      background: 'rgb(255 255 255 / 35%)',
      boxShadow: '0 0 4px rgb(0 0 0 / 60%)',
      boxSizing: 'border-box',
      pointerEvents: 'none',
      zIndex: '2147483647',
      transition: `translate ${String(moveMs)}ms ease-in-out`,
    });
    document.body.append(dot);
    addEventListener(
      'mousemove',
      ({ clientX, clientY }) => {
        dot.style.translate = `${String(clientX)}px ${String(clientY)}px`;
      },
      true,
    );
    addEventListener('mousedown', () => dot.animate([{ scale: 0.6 }, { scale: 1 }], 300), true);
  }, MOVE_MS);
}

const visiblePace = (page: Page): Pace => {
  const pointAt = async (target: Locator): Promise<void> => {
    await target.hover();
    await page.waitForTimeout(MOVE_MS + 100);
  };
  return {
    click: async (target) => {
      await pointAt(target);
      await target.click();
      await page.waitForTimeout(MOVE_MS);
    },
    type: async (field, text) => {
      await pointAt(field);
      await field.click();
      await field.pressSequentially(text, { delay: KEY_MS });
    },
    look: () => page.waitForTimeout(VIEW_MS),
  };
};
