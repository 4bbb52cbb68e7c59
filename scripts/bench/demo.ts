import { inPython } from './benchmark';

export const demo = inPython('demo', 'what the shipped demo model draws, and how soon it plays');
