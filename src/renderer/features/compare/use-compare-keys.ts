import { closeComparison } from '../../state/compare';
import { useShortcut } from '../../ui/use-shortcut';
import { compareCommand, type CompareCommand, type CompareMode } from './keys';
import type { Sync } from './use-sync';
import { ZOOM_STEP, type ZoomControl } from './use-zoom';

export function useCompareKeys(sync: Sync, zoom: ZoomControl, onMode: (mode: CompareMode) => void): void {
  const execute = (command: CompareCommand): void => {
    switch (command.type) {
      case 'toggle':
        sync.toggle();
        return;
      case 'step':
        sync.step(command.frames);
        return;
      case 'first':
        sync.seek(0);
        return;
      case 'last':
        sync.seek(sync.frames - 1);
        return;
      case 'zoom':
        zoom.zoomBy(command.isIn ? ZOOM_STEP : 1 / ZOOM_STEP);
        return;
      case 'fit':
        zoom.fit();
        return;
      case 'close':
        closeComparison();
        return;
      case 'mode':
        onMode(command.mode);
    }
  };
  useShortcut({
    repeats: true,
    match: (event) => {
      const command = compareCommand(event);
      return command === null ? null : () => execute(command);
    },
  });
}
