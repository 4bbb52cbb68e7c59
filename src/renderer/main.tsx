import '@fontsource-variable/inter/wght.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { currentLanguage } from '../shared/language';
import { App } from './app/App';
import { openApi } from './state/api';
import { keepDraft } from './state/keep-draft';
import { connectProjection } from './state/projection';
import './app/tokens.css';
import './app/base.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
document.documentElement.lang = currentLanguage();
const bridge = window.splitreelBridge;
if (bridge !== undefined) Object.defineProperty(window, 'splitreel', { value: openApi(bridge) });
connectProjection(window.splitreel);
keepDraft();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
