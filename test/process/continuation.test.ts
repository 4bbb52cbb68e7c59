/** Frames and joins by the real commands in their real processes. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pythonForTests } from '../../scripts/python-for-tests';
import { nodeClock } from '../../src/main/adapters/node/clock';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { currentPython, startFileCommand, type FileCommandPorts } from '../../src/main/library/file-command';
import { createFirstFrames } from '../../src/main/library/first-frames';
import { readMp4 } from '../../src/main/library/mp4';
import { SILENT_LOG } from '../../src/main/ports/log';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Nine gray frames, brighter from one to the next. */
const SOURCE = `
import json, sys
import av, numpy as np
with av.open(sys.argv[1], "w") as out:
    out.metadata["comment"] = json.dumps({"splitreel": 1, "request": {"prompt": "gray"}})
    stream = out.add_stream("libx264", rate=8)
    stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
    for n in range(9):
        frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 20 * n, np.uint8), format="rgb24")
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
`;

let ports: FileCommandPorts;
let folder = '';
let source = '';

beforeAll(async () => {
  const python = path.join(await pythonForTests(ROOT), 'bin', 'python');
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel continuation ü '));
  source = path.join(folder, 'gray.mp4');
  await execFileAsync(python, ['-c', SOURCE, source]);
  ports = {
    processes: nodeProcesses,
    clock: nodeClock,
    log: SILENT_LOG,
    python: () => Promise.resolve({ python, entry: ['-I', path.join(ROOT, 'python')] } as never),
    env: process.env,
    cwd: folder,
  };
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const execFileAsync = promisify(execFile);

test('a frame becomes an image once, and stays while something uses it', async () => {
  const frames = path.join(folder, 'first-frames');
  const laterByDays = (days: number) => ({ ...nodeClock, wallMs: () => Date.now() + days * 24 * 3_600_000 });
  const open = (days: number) =>
    createFirstFrames({ ...ports, files: nodeFiles, clock: laterByDays(days), folder: frames });
  const third = await open(0).save('id', source, 2);
  const last = await open(0).save('id', source, null);
  expect([third, last].map((file) => path.relative(frames, file))).toEqual([
    'id/gray-frame-3.png',
    'id/gray-last-frame.png',
  ]);
  expect((await readFile(third)).subarray(1, 4).toString()).toBe('PNG');
  const before = await stat(last);
  expect(await open(0).save('id', source, null)).toBe(last);
  expect((await stat(last)).ino).toBe(before.ino);
  await open(29).prune(new Set());
  await open(31).prune(new Set([last]));
  expect(await nodeFiles.list(frames)).toEqual(['id']);
  await open(31).prune(new Set());
  expect(await nodeFiles.list(frames)).toEqual([]);
});

test('two videos become one, with the doubled frame once', async () => {
  const target = path.join(folder, 'gray-continued.mp4');
  const run = startFileCommand(ports, await currentPython(ports), ['join', source, source, target]);
  expect(await run.result).toBe(target);
  const { size } = await stat(target);
  expect((await readMp4(nodeFiles, target, size))?.durationMs).toBeCloseTo((17 / 8) * 1_000);
});

test('a video that is missing cannot be joined', async () => {
  const run = startFileCommand(ports, await currentPython(ports), ['join', source, `${source}.not`, `${source}.x`]);
  await expect(run.result).rejects.toMatchObject({ error: { code: 'VIDEO_NOT_FOUND' } });
});
