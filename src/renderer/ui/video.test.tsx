import { render } from '@testing-library/react';
import { StrictMode } from 'react';
import { expect, test, vi } from 'vitest';
import { Video } from './Video';

test('a removed video gives its decoder back; one that stays keeps its source', () => {
  const load = vi.spyOn(HTMLMediaElement.prototype, 'load').mockImplementation(() => undefined);
  let element: HTMLVideoElement | null = null;
  const { unmount } = render(
    <StrictMode>
      <Video
        src="app://video/1"
        ref={(current) => {
          element = current ?? element;
        }}
      />
    </StrictMode>,
  );
  const video = element as HTMLVideoElement | null;
  expect(video?.getAttribute('src')).toBe('app://video/1');
  expect(load).not.toHaveBeenCalled();
  unmount();
  expect(video?.hasAttribute('src')).toBe(false);
  expect(load).toHaveBeenCalledOnce();
});
