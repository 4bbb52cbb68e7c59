export { ProgressPanel } from './ProgressPanel';
export { QueueList } from './QueueList';
