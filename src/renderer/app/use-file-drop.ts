/** Files dropped anywhere: a video gives its settings, a picture becomes the first one. */
import { useEffect, useState } from 'react';
import { create } from 'zustand';
import { reuseFile } from './reuse';

/** The path of a dropped picture, for the Create feature to take. */
export const useDroppedImage = create<{ readonly path: string | null }>(() => ({ path: null }));

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** True while files are held over the window. */
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
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      const path = window.splitreel.pathOfDroppedFile(file);
      if (file.type.startsWith('image/')) useDroppedImage.setState({ path });
      else void reuseFile(path);
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
