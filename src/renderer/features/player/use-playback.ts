/** A video element's state as the controls show it, frame by frame. */
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { frameAt, shuttleRate, timeOf, type PlayerCommand } from './keys';

export interface Playback {
  readonly ref: RefObject<HTMLVideoElement | null>;
  readonly frame: number;
  readonly isPlaying: boolean;
  readonly hasFailed: boolean;
  readonly seek: (frame: number) => void;
  readonly toggle: () => void;
  readonly pause: () => void;
  readonly shuttle: (direction: 1 | -1) => void;
  readonly run: (command: PlayerCommand) => void;
}

interface Clip {
  readonly frames: number;
  readonly frameRate: number;
  readonly speed: number;
  readonly isPausedAtStart: boolean;
}

export function usePlayback({ frames, frameRate, speed, isPausedAtStart }: Clip): Playback {
  const ref = useRef<HTMLVideoElement>(null);
  const [frame, setFrame] = useState(0);
  const [isPlaying, setIsPlaying] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  /** Signed: a negative rate is played by stepping, which a video element cannot do itself. */
  const rate = useRef(0);
  const backward = useRef<number | null>(null);
  const shown = useRef(0);

  const show = useCallback(
    (next: number): void => {
      const clamped = Math.min(Math.max(next, 0), frames - 1);
      shown.current = clamped;
      setFrame(clamped);
    },
    [frames],
  );

  const stopBackward = useCallback((): void => {
    if (backward.current !== null) window.clearInterval(backward.current);
    backward.current = null;
  }, []);

  const seek = useCallback(
    (next: number): void => {
      show(next);
      if (ref.current !== null) ref.current.currentTime = timeOf(shown.current, frameRate);
    },
    [frameRate, show],
  );

  const pause = useCallback((): void => {
    stopBackward();
    rate.current = 0;
    setIsPlaying(false);
    ref.current?.pause();
  }, [stopBackward]);

  const playAt = useCallback(
    (next: number): void => {
      const video = ref.current;
      if (video === null) return;
      stopBackward();
      rate.current = next;
      setIsPlaying(true);
      if (next > 0) {
        if (shown.current >= frames - 1) seek(0);
        video.playbackRate = next;
        // Playing can be refused or cut short by a pause; both leave the video where it is.
        video.play().catch(() => setIsPlaying(false));
        return;
      }
      video.pause();
      backward.current = window.setInterval(
        () => {
          if (shown.current === 0) pause();
          else seek(shown.current - 1);
        },
        1000 / (frameRate * -next),
      );
    },
    [frameRate, frames, pause, seek, stopBackward],
  );

  const toggle = useCallback((): void => {
    if (rate.current === 0) playAt(speed);
    else pause();
  }, [pause, playAt, speed]);

  const shuttle = useCallback((direction: 1 | -1): void => playAt(shuttleRate(rate.current, direction)), [playAt]);

  // A finished video starts by itself; autoplay as an attribute would not tell the controls.
  useEffect(() => {
    if (!isPausedAtStart) playAt(1);
  }, [playAt, isPausedAtStart]);

  useEffect(() => {
    if (rate.current > 0 && ref.current !== null) {
      rate.current = speed;
      ref.current.playbackRate = speed;
    }
  }, [speed]);

  useEffect(() => {
    const video = ref.current;
    if (video === null) return;
    let handle = 0;
    const onFrame: VideoFrameRequestCallback = (_now, metadata) => {
      show(frameAt(metadata.mediaTime + 0.5 / frameRate, frameRate));
      handle = video.requestVideoFrameCallback(onFrame);
    };
    const followsFrames = 'requestVideoFrameCallback' in video;
    if (followsFrames) handle = video.requestVideoFrameCallback(onFrame);
    const onTime = (): void => {
      if (!video.seeking) show(frameAt(video.currentTime, frameRate));
    };
    const onEnd = (): void => {
      rate.current = 0;
      setIsPlaying(false);
      show(frames - 1);
    };
    const onPlay = (): void => {
      rate.current = video.playbackRate;
      setIsPlaying(true);
    };
    // Something else paused it: a media key, the system. Playing backward is a paused video too, and goes on.
    const onPause = (): void => {
      if (rate.current <= 0) return;
      rate.current = 0;
      setIsPlaying(false);
    };
    const onError = (): void => setHasFailed(true);
    video.addEventListener('timeupdate', onTime);
    video.addEventListener('ended', onEnd);
    video.addEventListener('play', onPlay);
    video.addEventListener('pause', onPause);
    video.addEventListener('error', onError);
    return () => {
      if (followsFrames) video.cancelVideoFrameCallback(handle);
      video.removeEventListener('timeupdate', onTime);
      video.removeEventListener('ended', onEnd);
      video.removeEventListener('play', onPlay);
      video.removeEventListener('pause', onPause);
      video.removeEventListener('error', onError);
      stopBackward();
    };
  }, [frameRate, frames, show, stopBackward]);

  const run = useCallback(
    (command: PlayerCommand): void => {
      switch (command.type) {
        case 'toggle':
          toggle();
          return;
        case 'pause':
          pause();
          return;
        case 'step':
          pause();
          seek(shown.current + command.frames);
          return;
        case 'seconds':
          seek(shown.current + Math.round(command.seconds * frameRate));
          return;
        case 'first':
          seek(0);
          return;
        case 'last':
          pause();
          seek(frames - 1);
          return;
        case 'shuttle':
          shuttle(command.direction);
          return;
        case 'loop':
        case 'fullScreen':
        case 'keys':
      }
    },
    [frameRate, frames, pause, seek, shuttle, toggle],
  );

  return { ref, frame, isPlaying, hasFailed, seek, toggle, pause, shuttle, run };
}
