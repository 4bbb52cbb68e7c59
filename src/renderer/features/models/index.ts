export { DownloadDialog } from './DownloadDialog';
export { HubSettings } from './HubSettings';
export { ModelsPage } from './ModelsPage';
