/** A video that continues another one. Pure. */
import { z } from 'zod';
import type { Reason } from './messages';
import type { GenerateRequest } from './sampling';

export const continuedVideoSchema = z.object({
  videoId: z.string().max(4_096),
  fileName: z.string().max(4_096),
  /** Its last frame, from which the continuation starts. With another image it isn't a continuation. */
  imagePath: z.string().max(4_096),
  width: z.number().int(),
  height: z.number().int(),
  fps: z.number().int(),
});

type Joined = Pick<GenerateRequest, 'width' | 'height' | 'fps'>;

/** Why the two can't be joined; empty if they can. */
export function checkContinuation({ width, height, fps }: Joined, request: Joined): Reason[] {
  const fits = request.width === width && request.height === height && request.fps === fps;
  return fits ? [] : [{ code: 'continuation_differs', params: { width, height, fps } }];
}
