/** Benchmarks of the engine. They live in python/splitreel/bench, so that a machine without Node.js can run them. */
import type { Command } from '../command';
import { runPackage } from '../run-python';

const inPython = (name: string, summary: string): Command => ({
  name,
  summary,
  run: (args) => runPackage(['bench', name, ...args]),
});

export const demo = inPython('demo', 'what the bundled demo model draws, and how soon it plays');
export const engine = inPython('engine', 'one rank compared with plain diffusers; speed, traffic and waiting by plan');
export const gpu = inPython('gpu', 'CogVideoX at full size with random weights on NVIDIA GPUs, by plan and by kernel');
export const soak = inPython(
  'soak',
  'random jobs, cancels, kills, full disks and reloads: what leaks, hangs or is left behind',
);
export const memory = inPython('memory', 'predicted and measured peaks of GPU memory, by plan and by offload');
export const links = inPython('links', 'every pair of GPUs, with and without peer-to-peer: correctness and speed');
export const faults = inPython('faults', 'kill -9 of a rank and a cancel in the middle of a step, on all GPUs');
export const full = inPython('full', 'everything that a machine with several GPUs can measure, saved in one folder');
