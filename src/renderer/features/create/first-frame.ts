/** How an image is placed in the frame of a video, the same in CSS's object-fit and in the engine. Pure. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An image of exactly this shape is only scaled; any other needs a fit. */
export const isSameShape = (image: Size, video: Size): boolean =>
  image.width * video.height === image.height * video.width;

/** The axis along which a crop removes something. */
export const cutAxis = (image: Size, video: Size): 'x' | 'y' =>
  image.width * video.height > image.height * video.width ? 'x' : 'y';

/** How much a crop removes along that axis, in units of the box that the image fills. */
export function cutPixels(image: Size, box: Size): number {
  const scale = Math.max(box.width / image.width, box.height / image.height);
  return Math.max(image.width * scale - box.width, image.height * scale - box.height);
}
