/**
 * A worker that speaks protocol 1 on stdin and file descriptor 3 and makes no video. Its first argument says in which
 * way it misbehaves; without one it behaves.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const mode = process.argv[2] ?? 'well';
let seq = 0;
let heartbeat = null;
const canceled = new Set();
const CPU = { kind: 'cpu', index: 0, uuid: null, name: 'CPU' };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const raw = (bytes) => {
  const buffer = Buffer.from(bytes);
  for (let at = 0; at < buffer.length;) {
    try {
      at += writeSync(3, buffer, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};
const send = (event) => raw(`${JSON.stringify({ v: 1, seq: (seq += 1), ...event })}\n`);
const state = (name, ranks = []) =>
  send({ type: 'engineStateChanged', state: name, modelId: ranks.length > 0 ? 'demo' : null, ranks });

if (mode === 'dies-at-start') process.exit(3);
if (mode === 'dumps-environment') send({ type: 'logged', level: 'info', message: JSON.stringify(process.env) });
let child = null;
if (mode === 'deaf') {
  process.on('SIGTERM', () => undefined);
  // Stands in for a rank in a separate session, which no signal to the group reaches.
  child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached: true, stdio: 'ignore' });
}

send({ type: 'ready', pid: process.pid, versions: { fake: '1' } });
heartbeat = setInterval(() => send({ type: 'heartbeat' }), 100);
state('cold');

const video = (job, stage, extra) => ({ jobId: job.jobId, video: 0, stage, ...extra });
const totals = (job) => ({
  starting: 1,
  loading: 1000,
  encoding: 1,
  denoising: job.settings.numInferenceSteps,
  decoding: 2,
  writing: job.settings.numFrames,
});

async function runJob(job) {
  state('busy', [{ rank: 0, pid: process.pid, device: CPU }]);
  send({ type: 'jobStarted', jobId: job.jobId });
  const started = Date.now();
  for (const [stage, total] of Object.entries(totals(job))) {
    send({ type: 'stageStarted', ...video(job, stage, { total }) });
    const steps = stage === 'denoising' ? total : 1;
    for (let step = 1; step <= steps; step += 1) {
      if (canceled.has(job.jobId) && mode !== 'finishes-anyway') {
        send({ type: 'jobCanceled', jobId: job.jobId });
        return;
      }
      if (stage === 'denoising') misbehave(job, step);
      await sleep(mode === 'slow' ? 200 : 5);
      const completed = stage === 'denoising' ? step : total;
      send({ type: 'stageProgressed', ...video(job, stage, { completed, total, elapsedMs: step * 5 }) });
    }
    send({ type: 'stageFinished', ...video(job, stage, { durationMs: steps * 5 }) });
  }
  if (mode === 'out-of-memory') {
    const error = {
      code: 'GPU_OOM',
      params: { device: 'GPU 0', rank: 0, stage: 'denoising', advice: 'Use fewer frames.' },
      reasons: [],
      details: null,
    };
    send({ type: 'jobFailed', jobId: job.jobId, error });
    return;
  }
  for (const [index, { outputPath }] of job.videos.entries()) {
    if (mode === 'loses-a-video' && index === 1) {
      const error = { code: 'DISK_RAN_FULL', params: { folder: '/videos' }, reasons: [], details: null };
      send({ type: 'videoFailed', jobId: job.jobId, video: index, error });
      continue;
    }
    closeSync(openSync(outputPath, 'wx'));
    send({ type: 'videoFinished', jobId: job.jobId, video: index, path: outputPath });
  }
  const stages = [{ stage: 'denoising', durationMs: Date.now() - started }];
  send({
    type: 'jobFinished',
    jobId: job.jobId,
    report: { totalMs: 1, msPerStep: 5, weightBytesRead: 0, stages, ranks: [] },
  });
}

function misbehave(job, step) {
  if (step !== 2) return;
  if (mode === 'dies-in-step') process.kill(process.pid, 'SIGKILL');
  if (mode === 'stops-in-step') process.kill(process.pid, 'SIGSTOP');
  if (mode === 'garbage') raw('this is not JSON\n');
  if (mode === 'giant-line') raw(Buffer.alloc(3_000_000, 120));
  if (mode === 'skips-a-number') seq += 1;
  if (mode === 'half-characters') {
    const line = Buffer.from(
      `${JSON.stringify({ v: 1, seq: (seq += 1), type: 'logged', level: 'info', message: 'größer 🎬' })}\n`,
    );
    for (const byte of line) raw([byte]);
  }
  if (mode === 'talks-on-stdout') writeFileSync(1, 'x'.repeat(2_000_000));
  if (mode === 'flood')
    for (let count = 0; count < 20_000; count += 1)
      send({
        type: 'stageProgressed',
        ...video(job, 'denoising', { completed: 2, total: job.settings.numInferenceSteps, elapsedMs: count }),
      });
}

let work = Promise.resolve();
const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const command = JSON.parse(line);
  if (command.type === 'startJob')
    work = work.then(() => runJob(command)).then(() => state('warm', [{ rank: 0, pid: process.pid, device: CPU }]));
  if (command.type === 'cancelJob') canceled.add(command.jobId);
  if (command.type === 'unload') state('cold');
  if (command.type === 'countTokens')
    send({ type: 'tokensCounted', requestId: command.requestId, tokens: command.text.split(/\s+/).length, max: 226 });
});
commands.on('close', () => {
  if (mode === 'deaf') return;
  clearInterval(heartbeat);
  process.exit(0);
});
if (child !== null) send({ type: 'logged', level: 'info', message: `child ${String(child.pid)}` });
