import { inPython } from './benchmark';

export const gpu = inPython('gpu', 'CogVideoX at true size with random weights on NVIDIA GPUs, by plan and by kernel');
