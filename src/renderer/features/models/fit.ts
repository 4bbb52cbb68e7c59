/** Whether a model of the catalog suits this computer, before anything is downloaded. */
import type { CatalogEntry } from '../../../shared/catalog';
import { formatBytes } from '../../../shared/format';
import type { Machine } from '../../../shared/machine';
import { copy } from '../../copy';

const strings = copy.models.fit;
const BYTES_PER_GB = 1e9;

export interface Fit {
  readonly text: string;
  /** False if GPU memory or disk space is too small. */
  readonly isRight: boolean;
}

/** How the model fits this computer: the memory of the largest GPU, then the disk. Unknown facts are left out. */
export function fitsOf(
  { memory, downloadGb }: CatalogEntry,
  { status, gpus }: Pick<Machine, 'status' | 'gpus'>,
  freeBytes: number | null,
): readonly Fit[] {
  const fits: Fit[] = [];
  if (memory !== null && status === 'ready') fits.push(memoryFit(memory, gpus));
  if (downloadGb !== null && freeBytes !== null) {
    const isRight = downloadGb * BYTES_PER_GB <= freeBytes;
    const free = formatBytes(freeBytes);
    fits.push({ isRight, text: isRight ? strings.disk({ free }) : strings.noDisk({ free }) });
  }
  return fits;
}

function memoryFit(memory: NonNullable<CatalogEntry['memory']>, gpus: Machine['gpus']): Fit {
  const [largest] = [...gpus].sort((a, b) => b.memoryTotalBytes - a.memoryTotalBytes || a.index - b.index);
  if (largest === undefined) return { isRight: false, text: strings.cpu };
  const { index, memoryTotalBytes } = largest;
  const has = formatBytes(memoryTotalBytes);
  if (memoryTotalBytes >= memory.wholeGb * BYTES_PER_GB)
    return { isRight: true, text: strings.whole({ gpu: index, has }) };
  const isOffloaded = memoryTotalBytes >= memory.offloadedGb * BYTES_PER_GB;
  return {
    isRight: isOffloaded,
    text: isOffloaded ? strings.offloaded({ gpu: index, has }) : strings.short({ gpu: index, has }),
  };
}
