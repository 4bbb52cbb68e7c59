/** The optional sound at the end of a job: synthesized, because the content security policy allows no sound files. */
import { useEffect, useRef } from 'react';
import type { Job } from '../../shared/job';
import { useSlice } from '../state/projection';

/** In hertz, one after another: a rising third, a low note. */
const TUNES = { finished: [660, 880], failed: [220] } as const;
const NOTE_S = 0.18;
const VOLUME = 0.12;

type End = keyof typeof TUNES;

/** The result of the job that was running, if it deserves a sound. */
export function soundOfEnd(before: readonly Job[], after: readonly Job[]): End | null {
  for (const { id, state } of before) {
    if (state.status !== 'running') continue;
    const now = after.find((job) => job.id === id)?.state.status;
    if (now === 'finished' || now === 'failed') return now;
  }
  return null;
}

function play(end: End): void {
  const context = new AudioContext();
  TUNES[end].forEach((frequency, index, { length }) => {
    const start = context.currentTime + index * NOTE_S;
    const tone = context.createOscillator();
    const level = context.createGain();
    tone.frequency.value = frequency;
    // Faded, because a tone that is cut off clicks.
    level.gain.setValueAtTime(VOLUME, start);
    level.gain.exponentialRampToValueAtTime(0.001, start + NOTE_S);
    tone.connect(level).connect(context.destination);
    tone.start(start);
    tone.stop(start + NOTE_S);
    if (index === length - 1) tone.onended = () => void context.close();
  });
}

export function useEndSound(): void {
  const { soundWhenDone } = useSlice('settings');
  const jobs = useSlice('jobs');
  const before = useRef(jobs);
  useEffect(() => {
    const end = soundOfEnd(before.current, jobs);
    before.current = jobs;
    if (end !== null && soundWhenDone) play(end);
  }, [jobs, soundWhenDone]);
}
