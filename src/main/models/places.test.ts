import { expect, test } from 'vitest';
import golden from '../../../resources/golden/hub-cache.json';
import { hubCacheFolder } from './places';

test.each(golden.cases)('the Hugging Face cache with $variables', ({ variables, folder }) => {
  expect(hubCacheFolder(variables, '/home/me')).toBe(folder);
});
