/** A worker reads the switches for GPU links at its start, so changing them restarts it. */
import type { Settings } from '../../shared/settings';
import type { Engine } from './engine';

type LinkSettings = Pick<Settings, 'isP2pOff'>;

/**
 * To be called on each settings change. A worker that is generating a video keeps running; its next start uses the new
 * switches.
 */
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
