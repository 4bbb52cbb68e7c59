export { frameAt, timeOf } from './keys';
export { dragVideoOut, Player } from './Player';
