/** A display outside the root, which the root reaches by its abstract socket: nothing for it is installed in there. */
import { execa } from 'execa';

const SIZE = { width: 1280, height: 800 } as const;
/** The colour of a primary button in the dark theme (tokens.css, --accent). */
const ACCENT = [0x7a, 0xb8, 0xff] as const;
const TOLERANCE = 6;
/** A row of a button is at least this wide; text and lines in that colour are not. */
const MIN_RUN = 40;

export interface Screen {
  readonly display: string;
  readonly shot: (file: string) => Promise<void>;
  /** The centre of the primary button that can be pressed; null while there is none. */
  readonly findButton: () => Promise<Point | null>;
  readonly click: (point: Point) => Promise<void>;
  /** How many pixels differ between two moments. */
  readonly changedPixels: (waitMs: number) => Promise<number>;
  readonly close: () => void;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export async function openScreen(): Promise<Screen> {
  const child = execa('Xvfb', ['-displayfd', '1', '-ac', '-screen', '0', `${SIZE.width}x${SIZE.height}x24`], {
    buffer: false,
    reject: false,
  });
  const display = `:${await firstLine(child.iterable())}`;
  const env = { DISPLAY: display };
  const grab = ['-loglevel', 'error', '-f', 'x11grab', '-video_size', `${SIZE.width}x${SIZE.height}`, '-i', display];
  const pixels = async (): Promise<Uint8Array> => {
    const raw = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
    const { stdout } = await execa('ffmpeg', [...grab, ...raw], { env, encoding: 'buffer', maxBuffer: 1e8 });
    return stdout;
  };
  return {
    display,
    shot: async (file) => {
      await execa('ffmpeg', [...grab, '-y', '-frames:v', '1', file], { env });
    },
    findButton: async () => centreOf(await pixels()),
    click: async ({ x, y }) => {
      await execa('xdotool', ['mousemove', String(x), String(y), 'click', '1'], { env });
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

async function firstLine(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) return line.trim();
  throw new Error('Xvfb did not start');
}

function centreOf(rgb: Uint8Array): Point | null {
  const isAccent = (x: number, y: number): boolean =>
    ACCENT.every((value, channel) => Math.abs((rgb[(y * SIZE.width + x) * 3 + channel] ?? 0) - value) <= TOLERANCE);
  const rows: { readonly y: number; readonly from: number; readonly to: number }[] = [];
  for (let y = 0; y < SIZE.height; y += 1) {
    const columns = Array.from({ length: SIZE.width }, (_, x) => x).filter((x) => isAccent(x, y));
    const [from, to] = [columns[0], columns.at(-1)];
    if (from !== undefined && to !== undefined && columns.length >= MIN_RUN) rows.push({ y, from, to });
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return null;
  return { x: Math.round((first.from + first.to) / 2), y: Math.round((first.y + last.y) / 2) };
}
