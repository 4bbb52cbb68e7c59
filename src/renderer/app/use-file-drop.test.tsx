import { cleanup, fireEvent, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeMain, SLICES, type FakeMain } from '../../../test/fakes/main-process';
import { copy } from '../copy';
import { useDraft } from '../state/draft';
import { useProjection } from '../state/projection';
import { useToasts } from '../state/send';
import { useFileDrop } from './use-file-drop';

let main: FakeMain;
let pathOf: (name: string) => string;
beforeEach(() => {
  main = fakeMain();
  pathOf = (name) => `/dropped/${name}`;
  const api = { ...main.api, pathOfDroppedFile: ({ name }: { readonly name: string }) => pathOf(name) };
  Object.defineProperty(window, 'splitreel', { value: api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: SLICES });
  renderHook(useFileDrop);
});
afterEach(cleanup);

const drop = (name: string, type: string): boolean =>
  fireEvent.drop(window, { dataTransfer: { files: [new File(['x'], name, { type })] } });

test('each kind of file is read by its own call', () => {
  drop('a.txt', 'text/plain');
  drop('b.json', 'application/json');
  drop('c.mp4', 'video/mp4');
  drop('a folder', '');
  expect(main.calls).toEqual([
    { name: 'readPromptFile', input: { path: '/dropped/a.txt' } },
    { name: 'importPresets', input: { path: '/dropped/b.json' } },
    { name: 'readVideoSettings', input: { path: '/dropped/c.mp4' } },
    { name: 'readVideoSettings', input: { path: '/dropped/a folder' } },
  ]);
});

test('an image or a text dragged out of another program, which has no path, changes nothing', () => {
  pathOf = () => '';
  drop('image.png', 'image/png');
  drop('text.txt', 'text/plain');
  expect(main.calls).toEqual([]);
  expect(useDraft.getState().draft).toBeNull();
  expect(useToasts.getState().toasts.map(({ text }) => text)).toEqual([copy.app.dropNoFile, copy.app.dropNoFile]);
});
