/**
 * Toasts: errors close by themselves too, but not while they have the pointer or focus; their details open at the end.
 */
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeMain, SLICES } from '../../../test/fakes/main-process';
import { appError } from '../../shared/errors';
import { copy } from '../copy';
import { useProjection } from '../state/projection';
import { showError, showToast, useToasts } from '../state/send';
import { TooltipProvider } from '../ui/Tooltip';
import { Messages } from './Messages';

const main = fakeMain();
beforeEach(() => {
  vi.useFakeTimers();
  Object.defineProperty(window, 'splitreel', { value: main.api, configurable: true, writable: true });
  useProjection.setState({ revision: 1, slices: SLICES });
  useToasts.setState({ toasts: [] });
  render(
    <TooltipProvider>
      <Messages />
    </TooltipProvider>,
  );
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const error = appError('JOB_NOT_FOUND', {}, { details: 'first line\nlast line' });

test('an error closes after a while, a confirmation sooner', () => {
  act(() => {
    showToast('done');
    showError(error);
  });
  act(() => void vi.advanceTimersByTime(5_000));
  expect(screen.queryByText('done')).toBeNull();
  expect(screen.getByRole('alert')).toBeVisible();
  act(() => void vi.advanceTimersByTime(20_000));
  expect(screen.queryByRole('alert')).toBeNull();
});

test('it stays while the pointer is on it, and its details can be copied', () => {
  act(() => showError(error));
  const toast = screen.getByRole('alert');
  fireEvent.pointerEnter(toast);
  act(() => void vi.advanceTimersByTime(60_000));
  expect(toast).toBeVisible();
  fireEvent.click(screen.getByRole('button', { name: copy.app.details }));
  expect(screen.getByRole('region', { name: copy.app.details })).toHaveTextContent('last line');
  fireEvent.click(screen.getByRole('button', { name: copy.app.copy }));
  expect(main.callsOf('copyText')).toEqual([{ text: error.details }]);
});

test('pressing the button of a toast runs it and closes the toast', () => {
  const run = vi.fn();
  act(() => {
    showToast('replaced', { label: copy.app.undo, run });
  });
  fireEvent.click(screen.getByRole('button', { name: copy.app.undo }));
  expect(run).toHaveBeenCalledTimes(1);
  expect(screen.queryByText('replaced')).toBeNull();
});
