export { HubSettings } from './HubSettings';
export { ModelsPage } from './ModelsPage';
