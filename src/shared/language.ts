/** The languages of the window. The command line and Python always use English. */

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];

export const isLanguage = (value: unknown): value is Language => LANGUAGES.some((language) => language === value);

/** The choices in Settings. */
export const LANGUAGE_CHOICES = ['system', ...LANGUAGES] as const;
export type LanguageChoice = (typeof LANGUAGE_CHOICES)[number];

/**
 * `preferred`: the languages of the system, the best first, as BCP 47 tags. Readers of any Chinese script get the
 * Chinese texts; users who prefer none of our languages get English.
 */
export function languageFor(choice: LanguageChoice, preferred: readonly string[]): Language {
  if (choice !== 'system') return choice;
  for (const tag of preferred) {
    const language = LANGUAGES.find((own) => baseOf(own) === baseOf(tag));
    if (language !== undefined) return language;
  }
  return 'en';
}

const baseOf = (tag: string): string => tag.split(/[-_]/)[0]?.toLowerCase() ?? '';

let current: Language = 'en';

/** The language of this process: sentences, sizes, durations and dates use it. */
export const currentLanguage = (): Language => current;

export function setLanguage(language: Language): void {
  current = language;
}

/** For text outside the window: logs and diagnostics are in English. */
export function inLanguage<T>(language: Language, run: () => T): T {
  const before = current;
  current = language;
  try {
    return run();
  } finally {
    current = before;
  }
}
