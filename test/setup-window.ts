import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

// Testing Library does this by itself only where afterEach is a global.
afterEach(cleanup);

// Every browser has it; happy-dom does not.
Object.defineProperty(document, 'fullscreenElement', { value: null });
