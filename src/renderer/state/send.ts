/** Sends calls to the main process and shows a failed one as a toast. */
import { create } from 'zustand';
import { appError, type AppError } from '../../shared/errors';
import type { Result } from '../../shared/result';

export interface Toast {
  readonly id: number;
  readonly kind: 'error' | 'info';
  readonly text: string;
  readonly error: AppError | null;
  readonly action: ToastAction | null;
}

/** A button on a toast; pressing it closes the toast. */
export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

const INFO_MS = 4_000;
/** Long enough to notice the replacement and reach the button. */
const ACTION_MS = 10_000;
const ERROR_MS = 20_000;
/** At most three toasts are on screen. */
const KEPT_TOASTS = 2;

let nextToastId = 1;
export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

const add = (toast: Omit<Toast, 'id'>): number => {
  const id = nextToastId;
  nextToastId += 1;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-KEPT_TOASTS), { ...toast, id }] }));
  return id;
};

/** How long a toast stays: errors take longer, because they have a next step to read and details to open. */
export function shownForMs({ kind, action }: Toast): number {
  if (kind === 'error') return ERROR_MS;
  return action === null ? INFO_MS : ACTION_MS;
}

export const dismissToast = (id: number): void =>
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
/** Returns its id. */
export const showToast = (text: string, action: ToastAction | null = null): number =>
  add({ kind: 'info', text, error: null, action });
export const showError = (error: AppError): void => void add({ kind: 'error', text: '', error, action: null });

/** The value of a call; null if it failed (the error is then on screen) or returned nothing. */
export async function send<T>(call: Promise<Result<T, AppError>>): Promise<T | null> {
  try {
    const result = await call;
    if (result.ok) return result.value;
    showError(result.error);
  } catch (error) {
    showError(appError('INTERNAL', {}, { details: String(error) }));
  }
  return null;
}
