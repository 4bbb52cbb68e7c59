/**
 * The second click of a double click counts only where the first one did. Otherwise a double click on a thumbnail would
 * also pause the video that it opens, and one on Remove would remove the next row as well, which has just moved there.
 */
import { useEffect } from 'react';

const CONTROLS = 'button, a, video, input, select, textarea, label, [role]';

export function useDoubleClicks(): void {
  useEffect(() => {
    let first: Element | null = null;
    const onClick = (event: MouseEvent): void => {
      const control = event.target instanceof Element ? event.target.closest(CONTROLS) : null;
      if (event.detail === 2 && control !== first) {
        event.preventDefault();
        event.stopPropagation();
      }
      first = control;
    };
    window.addEventListener('click', onClick, true);
    return () => window.removeEventListener('click', onClick, true);
  }, []);
}
