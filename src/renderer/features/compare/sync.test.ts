import { expect, test } from 'vitest';
import { followLeader, keepTogether, leaderOf, playAll, seekAll, type Follower } from './sync';

interface Fake extends Follower {
  paused: boolean;
  readonly seeks: number[];
}

/** A video element that only records its state. */
function fake(duration: number, at = 0, paused = false): Fake {
  const seeks: number[] = [];
  let time = at;
  const video: Fake = {
    duration,
    paused,
    seeks,
    ended: false,
    seeking: false,
    playbackRate: 1,
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
  // One that can't be played would never get to its end, and the others would stop at theirs.
  const [unplayable, playable] = [fake(NaN), fake(2)];
  expect(leaderOf([unplayable, playable])).toBe(playable);
  expect(leaderOf([playable, unplayable])).toBe(playable);
});

test('a seek goes to the middle of the same frame in all, and to the last one of a shorter video', () => {
  const videos = [fake(6), fake(2)];
  seekAll(videos, 40, 8);
  expect(videos.map(({ currentTime }) => currentTime)).toEqual([40.5 / 8, 2 - 0.5 / 8]);
});

test('a drift that is not seen is left alone, a small drift is made up by speed, a large one by a seek', () => {
  const at = [3, 2.985, 2.895, 3.205, 1.9, 3];
  const [leader, near, behind, ahead, far, back] = at.map((time) => fake(6, time)) as [
    Fake,
    Fake,
    Fake,
    Fake,
    Fake,
    Fake,
  ];
  const seeking = { ...fake(6, 0), seeking: true };
  back.playbackRate = 0.9;
  keepTogether(leader, [leader, near, behind, ahead, far, back, seeking], 8);
  expect([near, behind, ahead, back].map(({ playbackRate, seeks }) => [playbackRate, seeks])).toEqual([
    [1, []],
    [1.1, []],
    [0.8, []],
    [1, []],
  ]);
  expect([far.seeks, far.playbackRate, seeking.currentTime]).toEqual([[3], 1, 0]);
});

test('a video that falls behind again while it seeks is not sent after the others again', () => {
  const [leader, slow] = [fake(6, 3), fake(6, 2)];
  for (let frame = 0; frame < 60; frame += 1) {
    leader.currentTime += 1 / 60;
    slow.currentTime = leader.currentTime - 0.4;
    slow.seeks.length = 0;
    keepTogether(leader, [leader, slow], 60);
    expect([slow.seeks, slow.playbackRate]).toEqual([[], 1.25]);
  }
});

test('a video paused by the system continues, an ended one holds its last frame', () => {
  const [leader, paused, over, short] = [fake(6, 3), fake(6, 3, true), fake(2, 1.9375, true), fake(2, 1)];
  keepTogether(leader, [leader, paused, over, short], 8);
  expect([paused.paused, over.paused, over.seeks, short.seeks]).toEqual([false, true, [], [1.9375]]);
  playAll([over]);
  expect(over.paused).toBe(false);
});

/** An element with events that plays as the fake does. */
const elementOf = (video: Fake): HTMLVideoElement =>
  Object.defineProperties(
    document.createElement('video'),
    Object.fromEntries(
      Object.keys(video).map((key) => [
        key,
        { get: (): unknown => Reflect.get(video, key), set: (value: unknown) => void Reflect.set(video, key, value) },
      ]),
    ),
  );

test('each frame of the leader is reported, and at its end all start again', () => {
  const videos = [2, 6, 4].map((duration) => elementOf(fake(duration, 1, true)));
  const [, leader] = videos;
  const frames: number[] = [];
  const stop = followLeader(videos, 8, (frame) => frames.push(frame));
  leader?.dispatchEvent(new Event('timeupdate'));
  videos[0]?.dispatchEvent(new Event('timeupdate'));
  expect(frames).toEqual([8]);
  leader?.dispatchEvent(new Event('ended'));
  expect(videos.map(({ currentTime, paused }) => [currentTime, paused])).toEqual(Array(3).fill([0.0625, false]));
  stop();
  leader?.dispatchEvent(new Event('timeupdate'));
  expect(frames).toHaveLength(1);
});
