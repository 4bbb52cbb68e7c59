/** One zoom for all compared videos: the wheel zooms around the pointer, keys and buttons around the middle. */
import { useState, type PointerEvent, type WheelEvent } from 'react';

export interface Zoom {
  readonly scale: number;
  /** Of the middle, as a fraction of the frame. */
  readonly x: number;
  readonly y: number;
}

const FIT: Zoom = { scale: 1, x: 0, y: 0 };
const MAX_SCALE = 8;
export const ZOOM_STEP = 1.25;

/** The frame always covers its box: it can move by at most half of the overhang to either side. */
const limited = ({ scale, x, y }: Zoom): Zoom => {
  const room = (scale - 1) / 2;
  const clamp = (value: number): number => Math.min(Math.max(value, -room), room);
  return { scale, x: clamp(x), y: clamp(y) };
};

/** `about` stays where it is: a point of the frame, as fractions from its middle. */
export function zoomed(zoom: Zoom, factor: number, about = { x: 0, y: 0 }): Zoom {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), MAX_SCALE);
  const ratio = scale / zoom.scale;
  return limited({ scale, x: about.x - (about.x - zoom.x) * ratio, y: about.y - (about.y - zoom.y) * ratio });
}

/** The pointer's position in the frame, as fractions from its middle. */
function pointOf({ currentTarget, clientX, clientY }: WheelEvent | PointerEvent): { x: number; y: number } {
  const { left, top, width, height } = currentTarget.getBoundingClientRect();
  return { x: (clientX - left) / width - 0.5, y: (clientY - top) / height - 0.5 };
}

export interface ZoomControl {
  readonly zoom: Zoom;
  readonly zoomBy: (factor: number) => void;
  readonly fit: () => void;
  readonly onWheel: (event: WheelEvent) => void;
  readonly onPan: (event: PointerEvent) => void;
}

export function useZoom(): ZoomControl {
  const [zoom, setZoom] = useState(FIT);
  return {
    zoom,
    zoomBy: (factor) => setZoom(zoomed(zoom, factor)),
    fit: () => setZoom(FIT),
    onWheel: (event) => setZoom(zoomed(zoom, event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, pointOf(event))),
    onPan: ({ currentTarget, movementX, movementY }) => {
      const { width, height } = currentTarget.getBoundingClientRect();
      setZoom(limited({ ...zoom, x: zoom.x + movementX / width, y: zoom.y + movementY / height }));
    },
  };
}
