/** Sizes, durations and dates as people read them, always with their unit. Every sentence takes them from here. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units throughout, as disks, downloads and graphics cards are sold: 61_203_283_968 -> `61.2 GB`. */
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

/** 490 -> `0.49 s`; 13_000 -> `13 s`; 95_000 -> `1 min 35 s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${String(hours)} h ${String(minutes)} min`;
  return `${String(minutes)} min ${String(whole % 60)} s`;
}

/** The connection that download times are quoted for. */
export const QUOTED_BITS_PER_SECOND = 100_000_000;

/** How long a download of this many bytes takes at the quoted speed. */
export const formatDownloadTime = (bytes: number): string =>
  formatDuration(((bytes * 8) / QUOTED_BITS_PER_SECOND) * 1000);

/** A position in a video: 3.5 -> `0:03.50`. */
export function formatTime(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${String(minutes)}:${(seconds % 60).toFixed(2).padStart(5, '0')}`;
}

export const formatDate = (ms: number, locale = 'en'): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
