import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { useDoubleClicks } from './use-double-clicks';

const pressed = vi.fn<(name: string) => void>();
function Rows() {
  useDoubleClicks();
  return ['first', 'second'].map((name) => (
    <button key={name} type="button" onClick={() => pressed(name)}>
      {name}
    </button>
  ));
}
const click = (name: string, detail: number): void =>
  void fireEvent.click(screen.getByRole('button', { name }), { detail });

test('the second click of a double click does nothing where the first one did not land', () => {
  render(<Rows />);
  click('first', 1);
  click('second', 2);
  expect(pressed.mock.calls).toEqual([['first']]);
  // Whoever goes on clicking means it.
  click('second', 3);
  click('first', 1);
  click('first', 2);
  // By keyboard.
  click('second', 0);
  expect(pressed.mock.calls).toEqual([['first'], ['second'], ['first'], ['first'], ['second']]);
});
