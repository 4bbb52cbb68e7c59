/** Numbers as people read them, always with their unit. */
import { copy } from '../copy/en';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 61_203_283_968 -> `61.2 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`;
}

/** Memory of graphics cards is sold and shown in binary gigabytes. */
export const formatGib = (bytes: number): string => {
  const gib = bytes / 2 ** 30;
  return `${gib.toFixed(gib >= 10 ? 0 : 1)} GiB`;
};

/** 490 -> `0.49 s`; 13_000 -> `13 s`; 95_000 -> `1 min 35 s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 60) return `${String(Math.round(seconds))} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${String(hours)} h ${String(minutes)} min`;
  return `${String(minutes)} min ${String(whole % 60)} s`;
}

/** How long so many bytes take at the 100 Mbit/s that `copy.app.atSpeed` names. */
export const formatDownloadTime = (bytes: number): string => formatDuration((bytes / 12_500_000) * 1000);

/** 3.5 s at 8 frames a second -> `0:03.50`. */
export function formatTime(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${String(minutes)}:${(seconds % 60).toFixed(2).padStart(5, '0')}`;
}

export const formatDate = (ms: number): string =>
  new Intl.DateTimeFormat(copy.locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
