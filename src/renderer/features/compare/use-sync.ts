/** The transport of all compared videos, for React. */
import { useEffect, useRef, useState } from 'react';
import type { GuestVideo } from '../../../shared/library';
import { keepTogether, leaderOf, pauseAll, playAll, seekAll } from './sync';

export interface Sync {
  readonly frame: number;
  readonly frames: number;
  readonly frameRate: number;
  readonly isPlaying: boolean;
  /** The element of a video, for its `ref`. */
  readonly register: (videoId: string, element: HTMLVideoElement | null) => void;
  readonly toggle: () => void;
  readonly seek: (frame: number) => void;
}

const framesOf = ({ durationMs, frameRate }: GuestVideo): number =>
  Math.max(Math.round((durationMs / 1000) * frameRate), 1);

export function useSync(videos: readonly GuestVideo[]): Sync {
  const elements = useRef(new Map<string, HTMLVideoElement>());
  const [frame, setFrame] = useState(0);
  const [isPlaying, setIsPlaying] = useState(true);
  const frameRate = videos[0]?.frameRate ?? 8;
  const frames = Math.max(1, ...videos.map(framesOf));
  const ids = videos.map(({ id }) => id).join(' ');

  // Also when a video joins or leaves: a new one starts where the others are.
  useEffect(() => {
    const all = (): readonly HTMLVideoElement[] => [...elements.current.values()];
    if (!isPlaying) {
      pauseAll(all());
      return;
    }
    playAll(all());
    let request = 0;
    const onDraw = (): void => {
      const leader = leaderOf(all());
      if (leader?.ended === true) {
        seekAll(all(), 0, frameRate);
        playAll(all());
      }
      setFrame(keepTogether(all(), frameRate));
      request = requestAnimationFrame(onDraw);
    };
    request = requestAnimationFrame(onDraw);
    return () => cancelAnimationFrame(request);
  }, [isPlaying, frameRate, ids]);

  return {
    frame: Math.min(frame, frames - 1),
    frames,
    frameRate,
    isPlaying,
    register: (videoId, element) => {
      if (element === null) elements.current.delete(videoId);
      else elements.current.set(videoId, element);
    },
    toggle: () => setIsPlaying(!isPlaying),
    seek: (next) => {
      const wanted = Math.min(Math.max(next, 0), frames - 1);
      setIsPlaying(false);
      pauseAll([...elements.current.values()]);
      seekAll([...elements.current.values()], wanted, frameRate);
      setFrame(wanted);
    },
  };
}
