export { InstallFacts } from './InstallFacts';
export { InstallProgress } from './InstallProgress';
export { RecentResults } from './RecentResults';
export { Stage } from './Stage';
export { runningJob } from './stage-view';
export { useStageView } from './use-stage-view';
