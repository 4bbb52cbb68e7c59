import { beforeEach, expect, test } from 'vitest';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import type { Job, JobEvent, JobJoin } from '../../shared/job';
import { transition } from '../../shared/job';
import type { LibraryVideo } from '../../shared/library';
import { sequentially } from '../../shared/sequentially';
import { SILENT_LOG } from '../ports/log';
import { createContinuations, type Continuations } from './continuations';

const CONTINUES = { videoId: 'first', fileName: 'ball-1.mp4', imagePath: '/f.png', width: 96, height: 64, fps: 8 };
const REPORT = { totalMs: 1, msPerStep: 1, weightBytesRead: 0, stages: [], ranks: [], notices: [] };

let job: Job;
let files: Record<string, string>;
let videos: LibraryVideo[];
let joined: string[][];
let result: Promise<string | null>;
let notices: AppError[];
let hasVideosFolder: boolean;
let continuations: Continuations;

beforeEach(() => {
  job = {
    id: 'j',
    continues: CONTINUES,
    request: { width: 96, height: 64, fps: 8 },
    state: { status: 'finished', videoIds: ['part'], report: REPORT },
  } as unknown as Job;
  files = { first: '/videos/ball-1.mp4', part: '/videos/ball-2.mp4' };
  videos = [];
  joined = [];
  notices = [];
  hasVideosFolder = true;
  result = Promise.resolve('/videos/ball-1-continued.mp4');
  continuations = createContinuations({
    log: SILENT_LOG,
    notify: (problem) => notices.push(problem),
    hasVideosFolder: () => Promise.resolve(hasVideosFolder),
    startJoin: (...args) => {
      joined.push(args);
      return Promise.resolve({ result, stop: () => Promise.resolve() });
    },
    library: {
      get: () => videos,
      fileOf: (id) => {
        const file = files[id];
        return file === undefined
          ? Promise.reject(new SplitreelError(appError('VIDEO_NOT_FOUND')))
          : Promise.resolve(file);
      },
      add: () => Promise.resolve(['whole']),
    },
    jobs: {
      get: () => [job],
      find: () => job,
      sequentially: sequentially(),
      apply: (_jobId: string, event: JobEvent) => {
        job = { ...job, state: transition(job.state, event) };
        return Promise.resolve(job);
      },
    },
  });
});

const joins = (): readonly JobJoin[] | undefined => (job.state.status === 'finished' ? job.state.joins : undefined);

test('the part is joined to what it continues, once', async () => {
  await continuations.join('j');
  await continuations.resume();
  expect(joined).toEqual([['/videos/ball-1.mp4', '/videos/ball-2.mp4', '/videos/ball-1-continued.mp4']]);
  expect(joins()).toEqual([{ partId: 'part', joinedId: 'whole', error: null }]);
});

test('a chain keeps the name of its first video', async () => {
  files['first'] = '/videos/ball-1-continued_1.mp4';
  await continuations.join('j');
  expect(joined[0]?.[2]).toBe('/videos/ball-1-continued.mp4');
});

test('a missing video is named, and joining it is not tried again', async () => {
  delete files['first'];
  await continuations.join('j');
  await continuations.resume();
  expect(notices).toEqual([appError('CONTINUED_VIDEO_MISSING', { file: 'ball-1.mp4' })]);
  expect(joins()).toMatchObject([{ partId: 'part', joinedId: null, error: { code: 'CONTINUED_VIDEO_MISSING' } }]);
});

test('pending joins are made at the next start, also after a full disk', async () => {
  result = Promise.reject(new SplitreelError(appError('DISK_RAN_FULL', { folder: '/videos' })));
  await continuations.join('j');
  expect(joins()).toBeUndefined();
  result = Promise.resolve('/videos/ball-1-continued.mp4');
  await continuations.resume();
  expect(joins()).toMatchObject([{ joinedId: 'whole' }]);
});

test('nothing is given up while the drive with the videos is away', async () => {
  const all = files;
  [files, hasVideosFolder] = [{}, false];
  await continuations.resume();
  expect([joins(), notices]).toEqual([undefined, []]);
  [files, hasVideosFolder] = [all, true];
  await continuations.resume();
  expect(joins()).toMatchObject([{ joinedId: 'whole' }]);
});

test.each(['METADATA_UNREADABLE', 'VIDEO_UNREADABLE'] as const)('%s is reported once', async (code) => {
  result = Promise.reject(new SplitreelError(appError(code, { file: 'ball-1.mp4' })));
  await continuations.join('j');
  await continuations.resume();
  expect(notices.map((notice) => notice.code)).toEqual([code]);
});

test('a file that was joined just before the app closed is found again', async () => {
  videos = [{ id: 'made', metadata: { parts: [{ fileName: 'ball-1.mp4' }, { fileName: 'ball-2.mp4' }] } }] as never;
  await continuations.resume();
  expect(joined).toEqual([]);
  expect(joins()).toMatchObject([{ joinedId: 'made' }]);
});

test('a stopped join is made at the next start', async () => {
  await continuations.stop();
  await continuations.join('j');
  expect([joined, joins()]).toEqual([[], undefined]);
});

test('a job that could not be joined is refused before it is queued', () => {
  const input = { ...job, request: { ...job.request, fps: 16 } };
  expect(() => continuations.check([input])).toThrow(SplitreelError);
  videos = [{ id: 'first', metadata: { request: job.request } }] as never;
  expect(() => continuations.check([job])).not.toThrow();
  expect(() => continuations.check([input])).toThrow('A continuation must have the size and frame rate of its video');
});
