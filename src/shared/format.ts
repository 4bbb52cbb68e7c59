/**
 * Formats sizes, durations, dates and lists in the language of this process, always with units. Every sentence uses
 * these functions.
 */
import { currentLanguage, type Language } from './language';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A number and its unit stay on one line. */
const NO_BREAK = '\u00a0';

/** Decimal units throughout, as disks, downloads and graphics cards are sold: 61_203_283_968 -> `61.2 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${formatDecimal(value, digits)}${NO_BREAK}${UNITS[unit] ?? 'B'}`;
}

const decimals = new Map<string, Intl.NumberFormat>();

/** With a fixed number of decimals, so that a changing number doesn't jump. */
function formatDecimal(value: number, digits: number): string {
  const key = `${currentLanguage()} ${String(digits)}`;
  let format = decimals.get(key);
  if (format === undefined) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false };
    format = new Intl.NumberFormat(currentLanguage(), options);
    decimals.set(key, format);
  }
  return format.format(value);
}

const TIME_UNITS: Readonly<Record<Language, { readonly h: string; readonly min: string; readonly s: string }>> = {
  en: { h: 'h', min: 'min', s: 's' },
  'zh-CN': { h: '小时', min: '分', s: '秒' },
};

/** 490 -> `0.49 s`; 13_000 -> `13 s`; 95_000 -> `1 min 35 s`. */
export function formatDuration(ms: number): string {
  const { h, min, s } = TIME_UNITS[currentLanguage()];
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${formatDecimal(seconds, seconds < 1 ? 2 : 1)} ${s}`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} ${s}`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${String(hours)} ${h} ${String(minutes)} ${min}`;
  return `${String(minutes)} ${min} ${String(whole % 60)} ${s}`;
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

const dates = new Map<Language, Intl.DateTimeFormat>();

/** Creating a formatter takes 0.1 ms, which adds up in a list of hundreds. */
export function formatDate(ms: number): string {
  const language = currentLanguage();
  let format = dates.get(language);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
    dates.set(language, format);
  }
  return format.format(ms);
}

interface Punctuation {
  readonly list: string;
  readonly colon: string;
  readonly sentence: string;
  readonly stop: string;
}
const PUNCTUATION: Readonly<Record<Language, Punctuation>> = {
  en: { list: ', ', colon: ': ', sentence: ' ', stop: '.' },
  'zh-CN': { list: '，', colon: '：', sentence: '', stop: '。' },
};

/** A list of facts, without "and". */
export const formatList = (items: readonly string[]): string => items.join(PUNCTUATION[currentLanguage()].list);

/** `Prompt: a dog` */
export const formatPair = (name: string, value: string): string =>
  `${name}${PUNCTUATION[currentLanguage()].colon}${value}`;

/** Whole sentences, one after the other. */
export const formatSentences = (sentences: readonly string[]): string =>
  sentences.filter((sentence) => sentence !== '').join(PUNCTUATION[currentLanguage()].sentence);

/** Phrases without a full stop, each as a sentence. */
export const formatAsSentences = (phrases: readonly string[]): string =>
  formatSentences(phrases.map((phrase) => `${phrase}${PUNCTUATION[currentLanguage()].stop}`));
