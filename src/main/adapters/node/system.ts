import os from 'node:os';
import process from 'node:process';
import * as systeminformation from 'systeminformation';
import type { SystemFacts } from '../../gpus/machine-watch';

export async function readSystem(): Promise<SystemFacts> {
  const cpu = await systeminformation.cpu();
  const name = `${cpu.manufacturer} ${cpu.brand}`.trim();
  return {
    cpuName: name === '' ? (os.cpus()[0]?.model ?? 'CPU') : name,
    cpuCores: Math.max(1, os.cpus().length),
    memoryTotalBytes: os.totalmem(),
    platform: process.platform,
  };
}

export async function hasNvidiaCard(): Promise<boolean> {
  const { controllers } = await systeminformation.graphics();
  return controllers.some(({ vendor, model }) => /nvidia/i.test(`${vendor} ${model}`));
}
