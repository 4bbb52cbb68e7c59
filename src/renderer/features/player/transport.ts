/**
 * Plays a clip in a video element, frame by frame and at a signed rate. Independent of React. A video element cannot
 * play backward, so that is done by stepping.
 */
import { frameAt, timeOf } from './keys';
import { listenToVideo } from './video-events';

export interface Clip {
  readonly frames: number;
  readonly frameRate: number;
}

export interface TransportState {
  readonly frame: number;
  readonly isPlaying: boolean;
  readonly hasFailed: boolean;
}

export const AT_START: TransportState = { frame: 0, isPlaying: false, hasFailed: false };

export interface Transport {
  readonly frame: () => number;
  /** Negative while it plays backward, 0 while it is paused. */
  readonly rate: () => number;
  readonly seek: (frame: number) => void;
  readonly playAt: (rate: number) => void;
  readonly pause: () => void;
  /** Changes the forward speed; doesn't start playback. */
  readonly changeSpeed: (speed: number) => void;
  readonly close: () => void;
}

export function openTransport(
  video: HTMLVideoElement,
  { frames, frameRate }: Clip,
  onState: (state: TransportState) => void,
): Transport {
  let state = AT_START;
  let rate = 0;
  let backward: ReturnType<typeof setInterval> | undefined;

  const set = (change: Partial<TransportState>): void => {
    state = { ...state, ...change };
    onState(state);
  };
  const setRate = (next: number): void => {
    rate = next;
    set({ isPlaying: next !== 0 });
  };
  const show = (frame: number): void => set({ frame: Math.min(Math.max(frame, 0), frames - 1) });
  const seek = (frame: number): void => {
    show(frame);
    video.currentTime = timeOf(state.frame, frameRate);
  };
  const pause = (): void => {
    clearInterval(backward);
    setRate(0);
    video.pause();
  };
  const playForward = (): void => {
    if (state.frame >= frames - 1) seek(0);
    video.playbackRate = rate;
    // Playing can be refused or interrupted by a pause; both leave the position unchanged.
    video.play().catch(() => set({ isPlaying: false }));
  };
  const playBackward = (): void => {
    video.pause();
    const step = (): void => (state.frame === 0 ? pause() : seek(state.frame - 1));
    backward = setInterval(step, 1000 / (frameRate * -rate));
  };
  const stopListening = listenToVideo(video, {
    // Half a frame later, so that rounding can't give the previous frame.
    onFrame: (seconds) => show(frameAt(seconds + 0.5 / frameRate, frameRate)),
    onTime: (seconds) => show(frameAt(seconds, frameRate)),
    onPlay: setRate,
    // Paused from outside: by a media key or the system. Backward playback also pauses the element, but continues.
    onPause: () => {
      if (rate > 0) setRate(0);
    },
    onEnd: () => {
      setRate(0);
      show(frames - 1);
    },
    onError: () => set({ hasFailed: true }),
  });
  return {
    frame: () => state.frame,
    rate: () => rate,
    seek,
    playAt: (next) => {
      clearInterval(backward);
      setRate(next);
      if (next > 0) playForward();
      else playBackward();
    },
    pause,
    changeSpeed: (speed) => {
      if (rate <= 0) return;
      rate = speed;
      video.playbackRate = speed;
    },
    close: () => {
      stopListening();
      clearInterval(backward);
    },
  };
}
