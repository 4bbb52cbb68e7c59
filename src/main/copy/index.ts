import { currentLanguage, type Language } from '../../shared/language';
import type { Translation } from '../../shared/message';
import { copy as en } from './en';
import { copy as zh } from './zh';

type Copy = Translation<typeof en>;

const CATALOGS: Readonly<Record<Language, Copy>> = { en, 'zh-CN': zh };

/** The texts in the current language, which can change while this process runs. */
export const mainCopy = (): Copy => CATALOGS[currentLanguage()];
