export { InstallProgress } from './InstallProgress';
export { Stage } from './Stage';
export { InstallFacts } from './InstallFacts';
