import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AT_START, openTransport, type Transport, type TransportState } from './transport';

let video: HTMLVideoElement;
let transport: Transport;
let state: TransportState;

beforeEach(() => {
  vi.useFakeTimers();
  video = document.createElement('video');
  video.play = () => Promise.resolve();
  video.pause = () => undefined;
  state = AT_START;
  transport = openTransport(video, { frames: 9, frameRate: 8 }, (next) => {
    state = next;
  });
});

afterEach(() => {
  transport.close();
  vi.useRealTimers();
});

test('a seek stays within the clip and aims at the middle of a frame', () => {
  transport.seek(100);
  expect(state.frame).toBe(8);
  expect(video.currentTime).toBe(8.5 / 8);
  transport.seek(-1);
  expect(state.frame).toBe(0);
});

test('playing backward steps frame by frame and pauses at the first', () => {
  transport.seek(2);
  transport.playAt(-1);
  expect(state).toMatchObject({ frame: 2, isPlaying: true });
  vi.advanceTimersByTime(250);
  expect(state.frame).toBe(0);
  vi.advanceTimersByTime(125);
  expect(state).toMatchObject({ frame: 0, isPlaying: false });
});

test('a pause stops the element, and playing backward', () => {
  const pause = vi.spyOn(video, 'pause');
  transport.playAt(1);
  transport.pause();
  expect(pause).toHaveBeenCalledOnce();
  expect(state.isPlaying).toBe(false);
  transport.seek(4);
  transport.playAt(-1);
  transport.pause();
  vi.advanceTimersByTime(1_000);
  expect(state).toMatchObject({ frame: 4, isPlaying: false });
});

test('an external pause stops forward playback but not backward playback', () => {
  transport.playAt(2);
  expect(video.playbackRate).toBe(2);
  video.dispatchEvent(new Event('pause'));
  expect(state.isPlaying).toBe(false);
  transport.seek(4);
  transport.playAt(-1);
  video.dispatchEvent(new Event('pause'));
  expect(state.isPlaying).toBe(true);
});

test('at the end it shows the last frame, and playing again starts over', () => {
  transport.playAt(1);
  video.dispatchEvent(new Event('ended'));
  expect(state).toMatchObject({ frame: 8, isPlaying: false });
  transport.playAt(1);
  expect(state).toMatchObject({ frame: 0, isPlaying: true });
});

test('changing the speed does not start playback', () => {
  transport.changeSpeed(2);
  expect(state.isPlaying).toBe(false);
  transport.playAt(1);
  transport.changeSpeed(0.5);
  expect(video.playbackRate).toBe(0.5);
});

test('after closing it no longer follows the element', () => {
  transport.seek(4);
  transport.playAt(-1);
  transport.close();
  vi.advanceTimersByTime(1_000);
  video.dispatchEvent(new Event('error'));
  expect(state).toEqual({ frame: 4, isPlaying: true, hasFailed: false });
});
