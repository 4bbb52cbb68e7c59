import { currentLanguage, type Language } from '../../shared/language';
import type { Translation } from '../../shared/message';
import { copy as en } from './en';
import { copy as zh } from './zh';

type Copy = Translation<typeof en>;

const CATALOGS: Readonly<Record<Language, Copy>> = { en, 'zh-CN': zh };

/** The texts in the language of the moment: this process lives through a change of it. */
export const mainCopy = (): Copy => CATALOGS[currentLanguage()];
