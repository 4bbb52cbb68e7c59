export { Compare } from './Compare';
export { CompareFacts } from './CompareFacts';
