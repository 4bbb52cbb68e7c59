export { Compare } from './Compare';
export { CompareFacts } from './CompareFacts';
export { settingFacts } from './differences';
