import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

// Testing Library does this by itself only where afterEach is a global.
afterEach(cleanup);

// Every browser has it; happy-dom does not.
Object.defineProperty(document, 'fullscreenElement', { value: null });

// happy-dom lays nothing out. Virtual lists ask how much is in sight: a window of this size.
Object.defineProperties(HTMLElement.prototype, {
  offsetWidth: { configurable: true, get: () => 1200 },
  offsetHeight: { configurable: true, get: () => 800 },
  clientWidth: { configurable: true, get: () => 1200 },
  clientHeight: { configurable: true, get: () => 800 },
});
