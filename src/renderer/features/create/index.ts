export { CreatePage } from './CreatePage';
export { useAdoption } from './use-adoption';
