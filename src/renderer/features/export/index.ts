export { ExportDialog } from './ExportDialog';
export { ExportButton } from './ExportButton';
