import { randomUUID } from 'node:crypto';
import type { Random } from '../../ports/random';

export const nodeRandom: Random = { id: () => randomUUID() };
