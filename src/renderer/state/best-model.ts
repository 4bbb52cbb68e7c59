import type { Machine } from '../../shared/machine';
import type { ModelEntry } from '../../shared/models';

/**
 * The text-to-video model of the catalog to offer for these GPUs: the most demanding one that fits the smallest GPU
 * whole, or else the least demanding one that fits with offloading. Null without a GPU, if none fits, or if a model of
 * the catalog is already installed or being downloaded.
 */
export function bestModel(
  models: readonly ModelEntry[],
  gpus: Machine['gpus'],
  downloading: readonly string[],
): ModelEntry | null {
  const offered = models.filter(({ offer }) => offer?.task === 'text-to-video' && offer.memory !== null);
  const isHere = ({ id, state }: ModelEntry): boolean => state.status !== 'absent' || downloading.includes(id);
  if (gpus.length === 0 || offered.some(isHere)) return null;
  const gigabytes = Math.min(...gpus.map(({ memoryTotalBytes }) => memoryTotalBytes)) / 1e9;
  const wholeGb = ({ offer }: ModelEntry): number => offer?.memory?.wholeGb ?? Infinity;
  const offloadedGb = ({ offer }: ModelEntry): number => offer?.memory?.offloadedGb ?? Infinity;
  const whole = offered.filter((model) => wholeGb(model) <= gigabytes);
  if (whole.length > 0) return whole.reduce((best, model) => (wholeGb(model) > wholeGb(best) ? model : best));
  const offloaded = offered.filter((model) => offloadedGb(model) <= gigabytes);
  return offloaded.reduce<ModelEntry | null>(
    (best, model) => (best === null || offloadedGb(model) < offloadedGb(best) ? model : best),
    null,
  );
}
