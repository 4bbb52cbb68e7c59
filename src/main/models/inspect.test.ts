import { expect, test } from 'vitest';
import golden from '../../../resources/golden/memory-cases.json';
import type { RunOptions, RunOutcome } from '../ports/processes';
import { createInspect, createInspectLora } from './inspect';

const { modelShape, shape } = golden.models['5b'];
const READY = { status: 'ready', shape: modelShape, memory: shape, sizeBytes: 5, record: null };
const printed = (stdout: string, code = 0): RunOutcome => ({ kind: 'exited', code, stdout, stderr: 'why' });

function inspectOf(outcome: RunOutcome, python: string | null = '/usr/bin/python3') {
  const started: (RunOptions & { readonly file: string })[] = [];
  const run = (file: string, options: RunOptions): Promise<RunOutcome> => {
    started.push({ file, ...options });
    return Promise.resolve(outcome);
  };
  const ports = {
    processes: { run },
    python: () => Promise.resolve(null),
    systemPython: () => Promise.resolve(python),
  };
  const options = { pythonFolder: '/app/python', env: { HF_HOME: '/hf', LD_PRELOAD: 'evil' } };
  return { inspect: createInspect(ports, options), inspectLora: createInspectLora(ports, options), started };
}

test('a folder is checked by a process that gets the folder and little else', async () => {
  const { inspect, started } = inspectOf(printed(JSON.stringify(READY)));
  expect(await inspect('/m', '/records/m.json')).toEqual(READY);
  expect(started).toMatchObject([
    {
      file: '/usr/bin/python3',
      args: ['-I', '/app/python', 'inspect', '/m', '/records/m.json'],
      env: { HF_HOME: '/hf' },
    },
  ]);
  expect(started[0]?.env).not.toHaveProperty('LD_PRELOAD');
});

test('without any Python a folder stays unchecked', async () => {
  expect(await inspectOf(printed(''), null).inspect('/m', null)).toBeNull();
  expect(await inspectOf({ kind: 'notFound' }).inspect('/m', null)).toBeNull();
});

test.each<[string, RunOutcome]>([
  ['took too long', { kind: 'timedOut', stdout: '', stderr: '' }],
  ['was ended by its limits', { kind: 'signaled', signal: 'SIGXCPU', stdout: '', stderr: '' }],
  ['failed', printed('', 1)],
  ['answered something else', printed('hello')],
  ['answered half', printed('{"status":"ready"')],
  ...['heads', 'spatialCompression', 'sampleWidth'].map((field): [string, RunOutcome] => [
    `answered a shape that the window cannot use (${field})`,
    printed(JSON.stringify({ ...READY, shape: { ...modelShape, [field]: 4.5 } })),
  ]),
])('a check that %s makes that one model broken', async (_name, outcome) => {
  const found = await inspectOf(outcome).inspect('/models/mine', null);
  expect(found).toMatchObject({ status: 'broken', error: { code: 'MODEL_CORRUPT', params: { file: 'mine' } } });
});

test('a LoRA is checked by a process that gets the file and the model', async () => {
  const answer = { status: 'ready', sha256: 'a'.repeat(64), layers: 4 };
  const { inspectLora, started } = inspectOf(printed(JSON.stringify(answer)));
  expect(await inspectLora('/l/ink.safetensors', '/m')).toEqual(answer);
  expect(started[0]?.args.slice(-3)).toEqual(['inspect-lora', '/l/ink.safetensors', '/m']);
});

test('a check of a LoRA that ends without an answer makes that LoRA unusable', async () => {
  const found = await inspectOf(printed('', 1)).inspectLora('/l/ink.safetensors', '/m');
  expect(found).toMatchObject({
    status: 'broken',
    error: { code: 'LORA_UNUSABLE', params: { file: 'ink.safetensors' } },
  });
});
