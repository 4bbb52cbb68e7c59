export { InstallFacts } from './InstallFacts';
export { InstallProgress } from './InstallProgress';
export { RecentResults } from './RecentResults';
export { Stage } from './Stage';
export { runningJob, type StageView } from './stage-view';
export { useStageView } from './use-stage-view';
