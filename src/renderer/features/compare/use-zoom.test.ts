import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { useZoom, ZOOM_STEP, zoomed, type Zoom } from './use-zoom';

const FIT: Zoom = { scale: 1, x: 0, y: 0 };

test('the point under the pointer stays there, within the frame', () => {
  expect(zoomed(FIT, 2, { x: 0.25, y: -0.5 })).toEqual({ scale: 2, x: -0.25, y: 0.5 });
  expect(zoomed(zoomed(FIT, 2, { x: 0.25, y: 0 }), 0.5, { x: 0.25, y: 0 })).toEqual(FIT);
});

test('zoom is limited to between the whole frame and eight times', () => {
  expect(zoomed(FIT, 0.5)).toEqual(FIT);
  expect(zoomed({ scale: 7, x: 0, y: 0 }, 4).scale).toBe(8);
});

test('the wheel zooms in and out around the pointer', () => {
  const { result } = renderHook(useZoom);
  const box = document.createElement('div');
  box.getBoundingClientRect = () => new DOMRect(0, 0, 100, 100);
  const wheel = (deltaY: number): void =>
    act(() => result.current.onWheel({ deltaY, clientX: 100, clientY: 50, currentTarget: box } as never));
  wheel(-1);
  expect(result.current.zoom).toEqual({ scale: ZOOM_STEP, x: -0.125, y: 0 });
  wheel(1);
  expect(result.current.zoom).toEqual(FIT);
});
