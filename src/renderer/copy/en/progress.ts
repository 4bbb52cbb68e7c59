/** Below the stage: the running job, its report, the queue. */
import { plural } from './plural';

export const progress = {
  idle: 'Progress and waiting videos appear here.',
  title: 'Progress',
  stages: {
    starting: 'Starting',
    loading: 'Loading',
    encoding: 'Prompt',
    denoising: 'Denoising',
    decoding: 'Decoding',
    writing: 'Saving',
  },
  computed: (computed: number, steps: number): string =>
    `${String(computed)} of ${String(steps)} steps computed, ${String(steps - computed)} predicted`,
  perStep: (time: string): string => `${time} per step`,
  elapsed: (time: string): string => `${time} elapsed`,
  left: (time: string): string => `${time} left`,
  video: (index: number, count: number): string => `Video ${String(index)} of ${String(count)}`,
  workers: 'Progress by device',
  waiting: 'waiting',
  cancel: 'Cancel',
  cancelling: 'Cancelling after this step',
  cancelTitle: 'Cancel this video?',
  cancelText: 'Its progress will be lost. The model stays loaded.',
  cancelYes: 'Cancel video',
  cancelNo: 'Keep generating',
  total: (time: string): string => `Generated in ${time}`,
  peak: (size: string): string => `${size} peak memory`,
  warm: 'model already loaded',
  cold: (size: string): string => `${size} of weights loaded`,
  load: (percent: number): string => `${String(percent)}%`,
} as const;

export const queue = {
  title: 'Queue',
  jobs: (count: number): string => plural(count, 'job', 'jobs'),
  clearEnded: 'Clear ended',
  pause: 'Pause queue',
  resume: 'Resume queue',
  paused: 'Paused',
  pausedNote: 'No other video starts until you resume.',
  freeMemory: 'Free GPU memory',
  memoryFreed: 'GPU memory is free. The next video loads the model again.',
  waiting: (count: number): string => `${String(count)} waiting`,
  up: 'Move up',
  down: 'Move down',
  remove: 'Remove from queue',
  retry: 'Retry',
  position: (index: number): string => (index === 1 ? 'Next' : `Number ${String(index)}`),
  cancelled: 'Cancelled',
  interrupted: 'Interrupted: Splitreel closed',
  failed: 'Failed',
  reorderHint: 'Drag, or press Alt+Up or Alt+Down, to reorder',
  setSummary: (width: number, height: number, frames: number, steps: number): string =>
    `${String(width)} × ${String(height)}, ${String(frames)} frames, ${String(steps)} steps`,
} as const;
