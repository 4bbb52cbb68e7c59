import { expect, test } from 'vitest';
import { keepTogether, leaderOf, playAll, seekAll, type Follower } from './sync';

interface Fake extends Follower {
  paused: boolean;
  readonly seeks: number[];
}

/** A video element that only remembers. */
function fake(duration: number, at = 0, paused = false): Fake {
  const seeks: number[] = [];
  let time = at;
  const video: Fake = {
    duration,
    paused,
    seeks,
    ended: false,
    seeking: false,
    get currentTime() {
      return time;
    },
    set currentTime(next: number) {
      seeks.push(next);
      time = next;
    },
    play: () => {
      video.paused = false;
      return Promise.resolve();
    },
    pause: () => {
      video.paused = true;
    },
  };
  return video;
}

test('the longest leads', () => {
  const videos = [fake(2), fake(6), fake(4)];
  expect(leaderOf(videos)).toBe(videos[1]);
  expect(leaderOf<Fake>([])).toBeUndefined();
});

test('a seek goes to the middle of the same frame in all, and to the last one of a shorter video', () => {
  const videos = [fake(6), fake(2)];
  seekAll(videos, 40, 8);
  expect(videos.map(({ currentTime }) => currentTime)).toEqual([40.5 / 8, 2 - 0.5 / 8]);
});

test('one that is more than a frame behind is brought up; less is left alone, and so is one that seeks', () => {
  const [leader, behind, near] = [fake(6, 3), fake(6, 2.5), fake(6, 2.95)];
  const seeking = { ...fake(6, 0), seeking: true };
  expect(keepTogether([leader, behind, near, seeking], 8)).toBe(24);
  expect([behind.seeks, near.seeks, seeking.currentTime]).toEqual([[3], [], 0]);
});

test('one that has been paused by the system plays on, one that is over holds its last frame', () => {
  const [leader, paused, over] = [fake(6, 3), fake(6, 3, true), fake(2, 1.9375, true)];
  keepTogether([leader, paused, over], 8);
  expect([paused.paused, over.paused, over.seeks]).toEqual([false, true, []]);
  playAll([over]);
  expect(over.paused).toBe(false);
});
