export { chosenDevices, deviceIndex, gpuColour, jobDevices, worldDevices, type ChosenDevices } from './devices';
export { MemoryFit } from './MemoryFit';
export { PlanPanel } from './PlanPanel';
export { torchrunLine } from './torchrun';
