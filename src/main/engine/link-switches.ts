/** A worker keeps the switches for links between GPUs that it was started with, so a change of them starts it again. */
import type { Settings } from '../../shared/settings';
import type { Engine } from './engine';

type LinkSettings = Pick<Settings, 'isP2pOff'>;

/** For each change of the settings. While a video is being made the worker stays; its next start has the new switches. */
export function restartForLinkSwitches(
  engine: Pick<Engine, 'start' | 'stop'>,
  initial: LinkSettings,
  isBusy: () => boolean,
): (settings: LinkSettings) => void {
  let { isP2pOff } = initial;
  return (settings) => {
    if (settings.isP2pOff === isP2pOff) return;
    isP2pOff = settings.isP2pOff;
    if (!isBusy()) void engine.stop().then(engine.start);
  };
}
