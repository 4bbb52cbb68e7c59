import { expect, test } from 'vitest';
import failures from '../../../resources/golden/nvidia-smi-failures.json';
import topologies from '../../../resources/golden/nvidia-topology.json';
import { gpu } from '../../../test/fakes/main-process';
import { UNKNOWN_MACHINE, compareVersions, createMachineWatch } from './machine-watch';
import { interpret, parseReading, type NoReading, type Reading } from './nvidia-smi';
import { parseIslands } from './topology';
import { nodeClock } from '../adapters/node/clock';
import { smallestIsland, type Machine } from '../../shared/machine';
import type { RunOutcome } from '../ports/processes';
import type { Result } from '../../shared/result';

const row = (index: number, bus: string, driver = '580.159.04'): string =>
  `${index}, GPU-0000000${index}-0000-0000-0000-000000000001, NVIDIA H200, 00000000:${bus}:00.0, 143771, 0, 0, 43, 82.11, ${driver}`;
const exited = (stdout: string, code = 0, stderr = ''): RunOutcome => ({ kind: 'exited', code, stdout, stderr });

test('figures are read, in PCI order, in bytes', () => {
  const reading = parseReading(`${row(0, '8A')}\n${row(1, '06')}\n`);
  expect(reading?.gpus.map(({ pciBusId }) => pciBusId)).toEqual(['00000000:06:00.0', '00000000:8A:00.0']);
  expect(reading?.gpus[0]).toMatchObject({
    name: 'NVIDIA H200',
    memoryTotalBytes: 143_771 * 1_048_576,
    temperatureCelsius: 43,
    powerWatts: 82.11,
  });
  expect(reading?.driverVersion).toBe('580.159.04');
});

test('values that a card does not report are null', () => {
  const [gpu] =
    parseReading(row(0, '06').replace('0, 0, 43, 82.11', '[N/A], [N/A], [N/A], [Not Supported]'))?.gpus ?? [];
  expect(gpu).toMatchObject({
    memoryUsedBytes: null,
    utilizationPercent: null,
    temperatureCelsius: null,
    powerWatts: null,
  });
});

const problemOf = (result: Result<Reading, NoReading>): string | null =>
  result.ok ? null : result.error.kind === 'problem' ? result.error.error.code : result.error.kind;

test.each<[string, RunOutcome, string | null]>([
  ['a list', exited(row(0, '06')), null],
  ['no program', { kind: 'notFound' }, 'noProgram'],
  ['no answer', { kind: 'timedOut', stdout: '', stderr: '' }, 'DRIVER_NOT_RESPONDING'],
  ['half a list', exited(`${row(0, '06')}\n1, GPU-`), 'DRIVER_GARBLED'],
  ['a crash', { kind: 'signaled', signal: 'SIGSEGV', stdout: '', stderr: '' }, 'DRIVER_GARBLED'],
])('%s', (_name, outcome, code) => {
  expect(problemOf(interpret(outcome))).toBe(code);
});

// The command line parses the same output by the same rules (python/tests/machine/test_gpus.py).
test.each(failures)('golden: $name', ({ exitCode, stdout, stderr, code }) => {
  expect(problemOf(interpret(exited(stdout, exitCode, stderr)))).toBe(code);
});

test.each(topologies)('NVLink islands: $name', ({ text, islands, sizes }) => {
  const found = parseIslands(text);
  expect(Object.fromEntries([...found].map(([gpu, island]) => [String(gpu), island]))).toEqual(islands);
  for (const { gpus, size } of sizes)
    expect(smallestIsland(gpus.map((index) => ({ ...gpu(index), nvlinkIsland: found.get(index) ?? null })))).toBe(size);
});

async function look(outcome: RunOutcome, hasCard = false): Promise<Machine> {
  let machine = UNKNOWN_MACHINE;
  const watch = createMachineWatch(
    {
      clock: nodeClock,
      nvidiaSmi: {
        read: () => Promise.resolve(interpret(outcome)),
        readIslands: () => Promise.resolve(parseIslands(topologies[2]?.text ?? '')),
        readCapabilities: () => Promise.resolve([]),
      },
      readSystem: () => Promise.resolve({ cpuName: 'CPU', cpuCores: 2, memoryTotalBytes: 1, platform: 'linux' }),
      hasNvidiaCard: () => Promise.resolve(hasCard),
      minimumDriver: '580',
    },
    (found) => {
      machine = found;
    },
  );
  await watch.refresh();
  return machine;
}

test('no GPU, a missing driver and an outdated driver are distinguished', async () => {
  expect(await look({ kind: 'notFound' })).toMatchObject({ status: 'ready', gpus: [], problem: null });
  expect((await look({ kind: 'notFound' }, true)).problem?.code).toBe('DRIVER_MISSING');
  const old = await look(exited(row(0, '06', '535.54.03')));
  expect(old.problem).toMatchObject({ code: 'DRIVER_TOO_OLD', params: { found: '535.54.03', needed: '580' } });
  expect(
    (await look(exited([row(0, '06'), row(1, '07')].join('\n')))).gpus.map(({ index, nvlinkIsland }) => [
      index,
      nvlinkIsland,
    ]),
  ).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

test('versions are compared by number', () => {
  expect(compareVersions('580.9', '580.10')).toBeLessThan(0);
  expect(compareVersions('1000', '580.1')).toBeGreaterThan(0);
  expect(compareVersions('580', '580.0.0')).toBe(0);
});
