export { InstallProgress } from './InstallProgress';
export { Stage } from './Stage';
