import { inPython } from './benchmark';

export const engine = inPython('engine', 'one rank beside plain diffusers; speed, traffic and waiting by plan');
