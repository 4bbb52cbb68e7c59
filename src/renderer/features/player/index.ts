export { frameAt, timeOf } from './keys';
export { dragVideosOut, Player } from './Player';
export { listenToVideo } from './video-events';
