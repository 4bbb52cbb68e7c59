/**
 * The kinds of values that a sentence may contain. Each placeholder of resources/messages.en.json names its kind, as in
 * `{freeBytes:size}`. There is no kind for a phrase: what another program printed belongs in an error's details.
 */
import { formatBytes, formatDuration } from './format';
import { currentLanguage, type Language } from './language';
import type { Axis } from './axes';
import type { Kernel } from './sampling';
import type { Stage } from './stage';

/** The values of the kinds. python/splitreel/contract/messages.py has the same list. */
export interface KindTypes {
  readonly count: number;
  readonly number: number;
  /** In bytes. */
  readonly size: number;
  /** In milliseconds. */
  readonly duration: number;
  /** A file or a folder. */
  readonly path: string;
  /** Of a model, a package, a tensor, a field, a variable. */
  readonly name: string;
  /** Joined with commas. */
  readonly names: string;
  readonly version: string;
  readonly flag: `--${string}`;
  /** A URL or a host. */
  readonly address: string;
  readonly device: string;
  readonly stage: Stage;
  readonly kernel: Kernel;
  readonly axis: Axis;
  readonly side: 'width' | 'height';
  /** How a process ended: its exit code, or the signal. */
  readonly exit: number | SignalName | 'no exit code';
  /** `cfg 2 x ulysses 2` */
  readonly plan: PlanText;
  /** `16 x 3 x 3` */
  readonly shape: string;
}
export type Kind = keyof KindTypes;

/** `SIGKILL` */
export type SignalName = `SIG${string}`;

/** Made by `planText` alone. */
export type PlanText = string & { readonly __brand: 'PlanText' };

const EXIT_CODE: Readonly<Record<Language, string>> = { en: 'exit code', 'zh-CN': '退出码' };

/** How a value of this kind is written; every other kind is written as it is. */
const FORMATS: Readonly<Partial<Record<string, (value: number) => string>>> = {
  size: formatBytes,
  duration: formatDuration,
  exit: (code) => `${EXIT_CODE[currentLanguage()]} ${String(code)}`,
};

/** Values that are words. English uses them unchanged. */
const WORDS: Readonly<Record<Language, Readonly<Partial<Record<string, Readonly<Record<string, string>>>>>>> = {
  en: {},
  'zh-CN': {
    stage: {
      starting: '启动',
      loading: '加载',
      optimizing: '优化',
      encoding: '编码',
      denoising: '去噪',
      decoding: '解码',
      writing: '保存',
    } satisfies Record<Stage, string>,
    side: { width: '宽度', height: '高度' } satisfies Record<KindTypes['side'], string>,
    exit: { 'no exit code': '无退出码' } satisfies Record<'no exit code', string>,
  },
};

export function formatValue(kind: string, value: string | number): string {
  const format = FORMATS[kind];
  if (typeof value === 'number') return format === undefined ? String(value) : format(value);
  return WORDS[currentLanguage()][kind]?.[value] ?? value;
}
