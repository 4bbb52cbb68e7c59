/** A display outside the root, reached through its abstract socket, so that nothing has to be installed in the root. */
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const SIZE = { width: 1280, height: 800 } as const;
/** The color of a primary button in the dark and in the light theme (tokens.css, --accent). */
const ACCENTS = [
  [0x7a, 0xb8, 0xff],
  [0x0a, 0x5b, 0xc4],
] as const;
const TOLERANCE = 6;
/** The least rows of a button, and pixels of that color per row. Meters and text have fewer. */
const MIN_ROWS = 20;
const MIN_PIXELS = 24;

/** Color values that differ from an empty screen. The mouse pointer accounts for a few hundred, a window for a million. */
const MIN_WINDOW_VALUES = 100_000;

export interface Screen {
  readonly display: string;
  readonly screenshot: (file: string) => Promise<void>;
  /** The center of the enabled primary button; null while there is none. */
  readonly findButton: () => Promise<Point | null>;
  readonly click: (point: Point) => Promise<void>;
  /** Whether no window is open. */
  readonly isBlank: () => Promise<boolean>;
  /** How many pixels change within this time. */
  readonly changedPixels: (waitMs: number) => Promise<number>;
  readonly close: () => void;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export async function openScreen(): Promise<Screen> {
  const screen = `${SIZE.width}x${SIZE.height}x24`;
  const child = spawn('Xvfb', ['-displayfd', '1', '-ac', '-screen', '0', screen], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [answer] = (await once(child.stdout, 'data')) as [Buffer];
  const display = `:${answer.toString().trim()}`;
  const env = { DISPLAY: display };
  const grab = ['-loglevel', 'error', '-f', 'x11grab', '-video_size', `${SIZE.width}x${SIZE.height}`, '-i', display];
  const pixels = async (): Promise<Uint8Array> => {
    const raw = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
    const { stdout } = await execa('ffmpeg', [...grab, ...raw], { env, encoding: 'buffer', maxBuffer: 1e8 });
    return stdout;
  };
  return {
    display,
    screenshot: async (file) => {
      await execa('ffmpeg', [...grab, '-y', '-frames:v', '1', file], { env });
    },
    findButton: async () => centerOf(await pixels()),
    click: async ({ x, y }) => {
      // Moves the pointer away again, because hovering changes a button's color.
      await execa('xdotool', ['mousemove', String(x), String(y), 'click', '1', 'mousemove', '1', '1'], { env });
    },
    isBlank: async () => {
      const now = await pixels();
      return now.filter((value) => value !== now[0]).length < MIN_WINDOW_VALUES;
    },
    changedPixels: async (waitMs) => {
      const before = await pixels();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const after = await pixels();
      let count = 0;
      for (let at = 0; at < before.length; at += 3) if (before[at] !== after[at]) count += 1;
      return count;
    },
    close: () => void child.kill(),
  };
}

function centerOf(rgb: Uint8Array): Point | null {
  const isAccent = (x: number, y: number): boolean =>
    ACCENTS.some((accent) =>
      accent.every((value, channel) => Math.abs((rgb[(y * SIZE.width + x) * 3 + channel] ?? 0) - value) <= TOLERANCE),
    );
  let rows: { readonly y: number; readonly from: number; readonly to: number }[] = [];
  for (let y = 0; y <= SIZE.height; y += 1) {
    const columns = Array.from({ length: SIZE.width }, (_, x) => x).filter((x) => isAccent(x, y));
    const [from, to] = [columns[0], columns.at(-1)];
    if (from !== undefined && to !== undefined && columns.length >= MIN_PIXELS) {
      rows.push({ y, from, to });
      continue;
    }
    const [first, last] = [rows[0], rows.at(-1)];
    if (rows.length >= MIN_ROWS && first !== undefined && last !== undefined)
      return { x: Math.round((last.from + last.to) / 2), y: Math.round((first.y + last.y) / 2) };
    rows = [];
  }
  return null;
}
