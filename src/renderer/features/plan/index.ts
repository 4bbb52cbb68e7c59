export { MemoryFit } from './MemoryFit';
export { PlanPanel } from './PlanPanel';
export { torchrunLine } from './torchrun';
