import { render, screen, waitFor } from '@testing-library/react';
import { useRef } from 'react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepFocus } from './focus';
import { rovingItem, rovingTab, useRoving } from './use-roving';

function Rows({ keys }: { readonly keys: readonly string[] }) {
  const list = useRef<HTMLUListElement>(null);
  const { current, listProps } = useRoving({ list, keys, columns: 1, pageRows: null });
  return (
    <section aria-label="Rows">
      <ul {...listProps} ref={list}>
        {keys.map((key, index) => (
          <li key={key} {...rovingItem(index, current)}>
            <button type="button" tabIndex={rovingTab(index === current)}>
              {key}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

let stop = (): void => undefined;
beforeEach(() => {
  stop = keepFocus();
});
afterEach(() => stop());

test('an item that disappears and comes back has the focus again', async () => {
  const { rerender } = render(<Rows keys={['a', 'b']} />);
  screen.getByRole('button', { name: 'b' }).focus();
  rerender(<Rows keys={[]} />);
  await waitFor(() => expect(screen.getByRole('region', { name: 'Rows' })).toHaveFocus());
  rerender(<Rows keys={['a', 'b']} />);
  expect(screen.getByRole('button', { name: 'b' })).toHaveFocus();
});
