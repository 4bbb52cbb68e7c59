export { dragVideoOut, Player } from './Player';
