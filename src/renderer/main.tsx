import { openApi } from './state/api';
import { connectProjection } from './state/projection';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
const bridge = window.splitreelBridge;
if (bridge !== undefined) Object.defineProperty(window, 'splitreel', { value: openApi(bridge) });
connectProjection(window.splitreel);
// Separate chunks, each evaluated in a task of its own: together they would block the page for 60 ms.
const [{ createRoot }, { showApp }] = await Promise.all([import('react-dom/client'), import('./app/show-app')]);
showApp(createRoot(root));
