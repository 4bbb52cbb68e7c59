export { InstallProgress } from './InstallProgress';
export { Stage } from './Stage';
export { runningJob } from './stage-view';
