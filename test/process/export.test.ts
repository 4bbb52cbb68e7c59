/** Exports by the real command in its real process: copies, their progress, and what is left of one that is canceled. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pythonForTests } from '../../scripts/python-for-tests';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { nodeRandom } from '../../src/main/adapters/node/random';
import { createExports, type ExportPorts, type Exports } from '../../src/main/library/exports';
import { SILENT_LOG } from '../../src/main/ports/log';
import type { ExportRequest, ExportState } from '../../src/shared/export';

const ROOT = path.resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);
/** Three seconds of gray, large enough that its export can be canceled halfway. */
const SOURCE = `
import av, numpy as np, sys
with av.open(sys.argv[1], "w") as out:
    stream = out.add_stream("libx264", rate=8)
    stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
    for n in range(24):
        frame = av.VideoFrame.from_ndarray(np.full((480, 640, 3), 10 * n, np.uint8), format="rgb24")
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
`;
const GIF: ExportRequest = { format: 'gif', fps: null, scale: 1, frame: null };

let python = '';
let folder = '';
let source = '';
let seen: (readonly ExportState[])[] = [];

beforeAll(async () => {
  python = path.join(await pythonForTests(ROOT), 'bin', 'python');
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel export ü '));
  source = path.join(folder, 'made.mp4');
  await execute(python, ['-c', SOURCE, source]);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  seen = [];
});

function open(onChange: (states: readonly ExportState[]) => void = () => undefined): Exports {
  const ports: ExportPorts = {
    processes: nodeProcesses,
    clock: nodeClock,
    log: SILENT_LOG,
    random: nodeRandom,
    python: () => Promise.resolve({ python, entry: ['-I', path.join(ROOT, 'python')] } as never),
    env: process.env,
    cwd: folder,
  };
  return createExports(ports, (states) => {
    seen.push(states);
    onChange(states);
  });
}
const job = (name: string, request = GIF) => ({
  videoId: 'v',
  file: source,
  target: path.join(folder, name),
  mayReplace: true,
  request,
});

test('a copy is made under the chosen name, with every frame counted', async () => {
  const made = await open().run([job('a.gif')]);
  expect(made).toEqual([path.join(folder, 'a.gif')]);
  expect(seen.flat().map(({ done, total }) => [done, total])).toEqual([
    [0, 0],
    ...Array.from({ length: 24 }, (_, index) => [index + 1, 24]),
  ]);
  expect(seen.at(-1)).toEqual([]);
});

test('a missing ending is added', async () => {
  expect(await open().run([job('b', { ...GIF, format: 'webm' })])).toEqual([path.join(folder, 'b.webm')]);
});

test('without permission, a name that another program took meanwhile is left alone', async () => {
  await writeFile(path.join(folder, 'taken.gif'), 'of another program');
  const made = await open().run([{ ...job('taken.gif'), mayReplace: false }]);
  expect(made).toEqual([path.join(folder, 'taken_1.gif')]);
  expect(await readFile(path.join(folder, 'taken.gif'), 'utf8')).toBe('of another program');
});

test('what cannot be read is an error', async () => {
  const run = open().run([{ ...job('c.gif'), file: path.join(folder, 'nothing.mp4') }]);
  await expect(run).rejects.toMatchObject({ error: { code: 'VIDEO_NOT_FOUND' } });
});

test('a canceled export of several keeps the whole copies and leaves nothing else', async () => {
  const before = await readdir(folder);
  const canceled: Promise<void>[] = [];
  const exports = open((states) => {
    const [state] = states;
    if (state?.videoIndex === 1 && state.done >= 3) canceled.push(exports.cancel(state.id));
  });
  const slow = { ...GIF, format: 'hevc', scale: 4 } as const;
  const copies = await exports.run([job('d.gif'), job('e.mp4', slow), job('f.gif')]);
  expect(copies).toEqual([path.join(folder, 'd.gif')]);
  await Promise.all(canceled);
  expect(new Set(seen.flat().map(({ id, videoCount }) => `${id} ${String(videoCount)}`)).size).toBe(1);
  expect(await readdir(folder)).toEqual([...before, 'd.gif'].sort());
});
