import { inPython } from './benchmark';

export const memory = inPython(
  'memory',
  'Predicted against measured peaks of memory on NVIDIA GPUs, by plan and by offload',
);
