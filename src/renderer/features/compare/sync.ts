/** Several video elements on one clock: a leader plays, and the others follow it frame by frame. */
import { frameAt, listenToVideo, timeOf } from '../player';

/** Beyond this a seek is the shorter way. */
const MAX_DRIFT_S = 1;
const MAX_RATE_CHANGE = 0.25;
/** Less than this is not seen, even at 8 frames per second. */
const FREE_DRIFT_S = 0.02;

/** The parts of a video element that are used. */
export interface Follower {
  currentTime: number;
  playbackRate: number;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  play(): Promise<void>;
  pause(): void;
}

/** The middle of the last frame: at the very end, an element counts as ended and shows nothing on some systems. */
const lastTime = ({ duration }: Follower, frameRate: number): number =>
  Number.isFinite(duration) ? Math.max(duration - 0.5 / frameRate, 0) : 0;

/** NaN until the element has loaded, and forever if it can't be played. */
const lengthOf = ({ duration }: Follower): number => (Number.isNaN(duration) ? 0 : duration);

/** The longest one, so that it is still playing when the others hold their last frame. */
export const leaderOf = <T extends Follower>(videos: readonly T[]): T | undefined =>
  videos.reduce<T | undefined>(
    (longest, video) => (longest !== undefined && lengthOf(longest) >= lengthOf(video) ? longest : video),
    undefined,
  );

/** Puts every video on the same frame; a shorter one on its last. */
export function seekAll(videos: readonly Follower[], frame: number, frameRate: number): void {
  for (const video of videos) video.currentTime = Math.min(timeOf(frame, frameRate), lastTime(video, frameRate));
}

export function playAll(videos: readonly Follower[]): void {
  // Rejects if paused or removed meanwhile, which is fine.
  for (const video of videos) video.play().catch(() => undefined);
}

export function pauseAll(videos: readonly Follower[]): void {
  for (const video of videos) video.pause();
}

/**
 * Called for each frame of the leader. A small drift is made up by speed: every seek decodes from the key frame before
 * it, and by then the leader is ahead again, so that on a busy computer one seek would follow another.
 */
export function keepTogether(leader: Follower, videos: readonly Follower[], frameRate: number): void {
  for (const video of videos) {
    if (video === leader || video.seeking) continue;
    const isOver = leader.currentTime >= lastTime(video, frameRate);
    if (isOver) {
      holdEnd(video, frameRate);
      continue;
    }
    const driftS = video.currentTime - leader.currentTime;
    if (Math.abs(driftS) > MAX_DRIFT_S) video.currentTime = leader.currentTime;
    setRate(video, Math.abs(driftS) > MAX_DRIFT_S ? 1 : rateFor(driftS, frameRate));
    if (!leader.paused && video.paused) video.play().catch(() => undefined);
  }
}

/** A video that has ended shows its last frame, even if a slow start left it elsewhere. */
function holdEnd(video: Follower, frameRate: number): void {
  const last = lastTime(video, frameRate);
  if (video.currentTime < last - 1 / frameRate) video.currentTime = last;
}

/** Within half a frame decoders differ anyway; a larger drift is made up in about a second. */
function rateFor(driftS: number, frameRate: number): number {
  const stepS = Math.min(0.5 / frameRate, FREE_DRIFT_S);
  const change = Math.trunc(driftS / stepS) * stepS;
  return 1 - Math.min(Math.max(change, -MAX_RATE_CHANGE), MAX_RATE_CHANGE);
}

function setRate(video: Follower, rate: number): void {
  if (video.playbackRate !== rate) video.playbackRate = rate;
}

/**
 * Reports each frame that the leader shows, keeps the others with it, and starts all again at its end. Returns a
 * function that ends this.
 */
export function followLeader(
  videos: readonly HTMLVideoElement[],
  frameRate: number,
  onFrame: (frame: number) => void,
): () => void {
  let leader: HTMLVideoElement | undefined;
  let stopListening = (): void => undefined;
  const follow = (): void => {
    const next = leaderOf(videos);
    if (next === undefined || next === leader) return;
    stopListening();
    leader = next;
    setRate(next, 1);
    const onTime = (seconds: number): void => {
      keepTogether(next, videos, frameRate);
      onFrame(frameAt(seconds, frameRate));
    };
    stopListening = listenToVideo(next, {
      // Half a frame later, so that rounding cannot name the frame before.
      onFrame: (seconds) => onTime(seconds + 0.5 / frameRate),
      onTime,
      onEnd: () => {
        seekAll(videos, 0, frameRate);
        playAll(videos);
      },
    });
  };
  follow();
  // Lengths, and with them the longest, are known one by one.
  for (const video of videos) video.addEventListener('loadedmetadata', follow);
  return () => {
    stopListening();
    for (const video of videos) video.removeEventListener('loadedmetadata', follow);
  };
}
