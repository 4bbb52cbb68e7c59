/** Data folders of people who have used the app for years, for the benchmarks. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cpuDevices } from '../../src/shared/device';
import { ONE_RANK } from '../../src/shared/plan';
import type { GenerateRequest } from '../../src/shared/sampling';
import { metadata, mp4 } from '../fakes/mp4';
import { request } from '../fakes/request';

export const VIDEOS = 10_000;
export const JOBS = 5_000;
/** As many as the app keeps. */
const PROMPTS = 500;

export const makeDataFolder = (): string => mkdtempSync(path.join(tmpdir(), 'splitreel-e2e-'));

export function fillLibrary(folder: string): void {
  const videos = path.join(folder, 'videos');
  mkdirSync(videos);
  for (let number = 0; number < VIDEOS; number += 1) {
    const prompt = `A red ball rolls to the right on a blue background, take ${String(number)}`;
    const made = metadata({ request: request({ prompt, seed: number }) });
    writeFileSync(path.join(videos, `${String(number)}.mp4`), mp4(JSON.stringify(made)));
  }
}

export function fillQueue(folder: string, wanted: GenerateRequest): void {
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    id: `job-${String(index)}`,
    createdAtMs: index,
    request: { ...wanted, seed: index },
    plan: ONE_RANK,
    devices: cpuDevices(1),
    state: { status: 'queued' },
  }));
  writeFileSync(path.join(folder, 'jobs.json'), JSON.stringify({ version: 1, jobs }));
}

/** A paragraph of `length` characters, different for each `number`. */
export const longPrompt = (length: number, number = 0): string =>
  `${String(number)} ${'A red ball rolls to the right on a blue background while the sun sets behind it. '.repeat(length)}`.slice(
    0,
    length,
  );

export function fillHistory(folder: string): void {
  const history = Array.from({ length: PROMPTS }, (_, index) => ({
    prompt: longPrompt(500, index),
    usedAtMs: index,
    isList: false,
  }));
  writeFileSync(path.join(folder, 'prompts.json'), JSON.stringify({ version: 1, history, presets: [] }));
}
