export { ProgressPanel } from './ProgressPanel';
export { QueueList } from './QueueList';
export { ResultsPanel, VideoPanel } from './VideoPanel';
