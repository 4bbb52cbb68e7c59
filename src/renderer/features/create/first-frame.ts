/** How an image lies in the frame of a video, as CSS's object-fit and the engine both place it. Pure. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The engine scales an image of exactly this shape, and asks how for any other. */
export const isSameShape = (image: Size, video: Size): boolean =>
  image.width * video.height === image.height * video.width;

/** The axis along which a crop cuts something off. */
export const cutAxis = (image: Size, video: Size): 'x' | 'y' =>
  image.width * video.height > image.height * video.width ? 'x' : 'y';

/** How much a crop cuts off along that axis, in the units of the box that the image fills. */
export function cutPixels(image: Size, box: Size): number {
  const scale = Math.max(box.width / image.width, box.height / image.height);
  return Math.max(image.width * scale - box.width, image.height * scale - box.height);
}
