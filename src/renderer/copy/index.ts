/**
 * Every text of the window, one file per page, in this page's language. The main process puts the language into the
 * page's URL, so changing it loads another URL. The sentences of errors, reasons and notices are in
 * resources/messages.en.json, because Python shows them too.
 */
import { currentLanguage, isLanguage, setLanguage, type Language } from '../../shared/language';
import type { Translation } from '../../shared/message';
import { LANGUAGE_PARAMETER } from '../../shared/urls';
import { copy as en } from './en';
import { copy as zh } from './zh';

export type Copy = Translation<typeof en>;

const CATALOGS: Readonly<Record<Language, Copy>> = { en, 'zh-CN': zh };

const named = new URLSearchParams(window.location.search).get(LANGUAGE_PARAMETER);
if (isLanguage(named)) setLanguage(named);

export const copy = CATALOGS[currentLanguage()];
