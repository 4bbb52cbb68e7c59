/** Calls to main, with failures shown where they happen to everyone alike: as a message at the bottom. */
import { create } from 'zustand';
import { appError, type AppError } from '../../shared/errors';
import type { Result } from '../../shared/result';

export interface Toast {
  readonly id: number;
  readonly kind: 'error' | 'info';
  readonly text: string;
  readonly error: AppError | null;
}

let nextToastId = 1;
export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

const add = (toast: Omit<Toast, 'id'>): void => {
  const id = nextToastId;
  nextToastId += 1;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), { ...toast, id }] }));
  if (toast.kind === 'info') window.setTimeout(() => dismissToast(id), 4_000);
};

export const dismissToast = (id: number): void =>
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
export const tell = (text: string): void => add({ kind: 'info', text, error: null });
export const tellError = (error: AppError): void => add({ kind: 'error', text: '', error });

/** The value of a call; null where it failed (and was shown) or gave nothing. */
export async function send<T>(call: Promise<Result<T, AppError>>): Promise<T | null> {
  try {
    const result = await call;
    if (result.ok) return result.value;
    tellError(result.error);
  } catch (error) {
    tellError(appError('INTERNAL', { problem: 'the window lost its connection' }, { details: String(error) }));
  }
  return null;
}
