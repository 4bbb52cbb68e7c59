/** Several video elements on one clock: a leader plays, and the others are kept within a frame of it. */
import { frameAt, timeOf } from '../player';

/** What of a video element is used. */
export interface Follower {
  currentTime: number;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  play(): Promise<void>;
  pause(): void;
}

/** The middle of the last frame: at the very end an element has ended, and shows nothing on some systems. */
const lastTime = ({ duration }: Follower, frameRate: number): number =>
  Number.isFinite(duration) ? Math.max(duration - 0.5 / frameRate, 0) : 0;

/** The longest one, so that it is still playing when the others hold their last frame. */
export const leaderOf = <T extends Follower>(videos: readonly T[]): T | undefined =>
  videos.reduce<T | undefined>(
    (longest, video) => (longest !== undefined && longest.duration >= video.duration ? longest : video),
    undefined,
  );

/** Puts every video on the same frame; a shorter one on its last. */
export function seekAll(videos: readonly Follower[], frame: number, frameRate: number): void {
  for (const video of videos) video.currentTime = Math.min(timeOf(frame, frameRate), lastTime(video, frameRate));
}

export function playAll(videos: readonly Follower[]): void {
  // Refused where a pause or a removal comes between; then it stays as it is.
  for (const video of videos) video.play().catch(() => undefined);
}

export function pauseAll(videos: readonly Follower[]): void {
  for (const video of videos) video.pause();
}

/** Called for every frame that the window draws while they play: the frame that is seen now. */
export function keepTogether(videos: readonly Follower[], frameRate: number): number {
  const leader = leaderOf(videos);
  if (leader === undefined) return 0;
  for (const video of videos) {
    if (video === leader || video.seeking) continue;
    const wanted = Math.min(leader.currentTime, lastTime(video, frameRate));
    // Less than a frame is what decoders differ by; correcting it would make them stutter.
    if (Math.abs(video.currentTime - wanted) > 1 / frameRate) video.currentTime = wanted;
    const isOver = leader.currentTime >= lastTime(video, frameRate);
    if (!leader.paused && video.paused && !isOver) video.play().catch(() => undefined);
  }
  return frameAt(leader.currentTime, frameRate);
}
