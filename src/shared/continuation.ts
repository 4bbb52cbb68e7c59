/** A video that goes on where another one ends. Pure. */
import { z } from 'zod';
import type { Reason } from './messages';
import type { GenerateRequest } from './sampling';

export const continuedVideoSchema = z.object({
  videoId: z.string().max(4_096),
  fileName: z.string().max(4_096),
  /** Its last frame: what the continuation starts from. With another image it is no continuation. */
  imagePath: z.string().max(4_096),
  width: z.number().int(),
  height: z.number().int(),
  fps: z.number().int(),
});

type Joined = Pick<GenerateRequest, 'width' | 'height' | 'fps'>;

/** Why the two could not be joined; an empty list means that they can be. */
export function checkContinuation({ width, height, fps }: Joined, request: Joined): Reason[] {
  const fits = request.width === width && request.height === height && request.fps === fps;
  return fits ? [] : [{ code: 'continuation_differs', params: { width, height, fps } }];
}
