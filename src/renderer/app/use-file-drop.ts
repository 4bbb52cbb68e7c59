/**
 * Files dropped anywhere on the window: a video provides its settings, an image becomes the first frame, a text file is
 * a list of prompts, and JSON contains presets. During a comparison, videos join it instead.
 */
import { useEffect, useState } from 'react';
import { compareFile } from '../state/compare';
import { copy } from '../copy';
import { useNavigation } from '../state/navigation';
import { adoptImage, adoptPromptFile, adoptVideoFile, importPresets } from '../state/adopt';
import { showToast } from '../state/send';

async function compareFiles(files: readonly File[]): Promise<void> {
  for (const file of files) await compareFile(window.splitreel.pathOfDroppedFile(file));
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** True while files are dragged over the window. */
export function useFileDrop(): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setIsOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      const [file] = files;
      if (file === undefined) return;
      event.preventDefault();
      const path = window.splitreel.pathOfDroppedFile(file);
      // Dragged out of a browser or another program's window, it isn't a file on this computer.
      if (path === '') {
        showToast(copy.app.dropNoFile);
        return;
      }
      if (file.type.startsWith('image/')) adoptImage(path);
      else if (file.type === 'text/plain') void adoptPromptFile(path);
      else if (file.type === 'application/json') void importPresets(path);
      else if (useNavigation.getState().comparedIds !== null) void compareFiles(files);
      else void adoptVideoFile(path);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, []);
  return isOver;
}
