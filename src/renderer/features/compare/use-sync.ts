/** The transport of all compared videos, for React. */
import { useEffect, useRef, useState } from 'react';
import { createStore, useStore, type StoreApi } from 'zustand';
import type { GuestVideo } from '../../../shared/library';
import { followLeader, pauseAll, playAll, seekAll } from './sync';

export interface Sync {
  /** Outside React's state: while videos play it changes with each frame, and only the transport shows it. */
  readonly clock: StoreApi<{ readonly frame: number }>;
  readonly frames: number;
  readonly frameRate: number;
  readonly isPlaying: boolean;
  /** The element of a video, for its `ref`. */
  readonly register: (videoId: string, element: HTMLVideoElement | null) => void;
  readonly toggle: () => void;
  readonly seek: (frame: number) => void;
  /** From the frame that is shown; negative goes back. */
  readonly step: (frames: number) => void;
}

/** At the frame rate of the first video, which all are counted at. */
const framesOf = (videos: readonly GuestVideo[], frameRate: number): number =>
  Math.max(1, ...videos.map(({ durationMs }) => Math.round((durationMs / 1000) * frameRate)));

/** The frame that is shown now, for what shows it. */
export const useFrame = ({ clock, frames }: Sync): number =>
  Math.min(
    useStore(clock, ({ frame }) => frame),
    frames - 1,
  );

export function useSync(videos: readonly GuestVideo[]): Sync {
  const elements = useRef(new Map<string, HTMLVideoElement>());
  const [clock] = useState(() => createStore(() => ({ frame: 0 })));
  const [isPlaying, setIsPlaying] = useState(true);
  const frameRate = videos[0]?.frameRate ?? 8;
  const frames = framesOf(videos, frameRate);
  const ids = videos.map(({ id }) => id).join(' ');

  // Also when a video joins or leaves: a new one starts where the others are.
  useEffect(() => {
    const all = [...elements.current.values()];
    if (!isPlaying) {
      pauseAll(all);
      return;
    }
    playAll(all);
    return followLeader(all, frameRate, (frame) => {
      if (frame !== clock.getState().frame) clock.setState({ frame });
    });
  }, [isPlaying, frameRate, ids, clock]);

  const seek = (next: number): void => {
    const wanted = Math.min(Math.max(next, 0), frames - 1);
    setIsPlaying(false);
    pauseAll([...elements.current.values()]);
    seekAll([...elements.current.values()], wanted, frameRate);
    clock.setState({ frame: wanted });
  };
  return {
    clock,
    frames,
    frameRate,
    isPlaying,
    register: (videoId, element) => {
      if (element === null) elements.current.delete(videoId);
      else elements.current.set(videoId, element);
    },
    toggle: () => setIsPlaying(!isPlaying),
    seek,
    step: (count) => seek(Math.min(clock.getState().frame, frames - 1) + count),
  };
}
