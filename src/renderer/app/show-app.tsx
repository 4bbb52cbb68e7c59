import '@fontsource-variable/inter/wght.css';
import { StrictMode } from 'react';
import type { Root } from 'react-dom/client';
import { currentLanguage } from '../../shared/language';
import { keepDraft } from '../state/keep-draft';
import { App } from './App';
import './tokens.css';
import './base.css';

export function showApp(root: Root): void {
  document.documentElement.lang = currentLanguage();
  keepDraft();
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
