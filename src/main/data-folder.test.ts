import { expect, test } from 'vitest';
import golden from '../../resources/golden/data-folder.json';
import { dataRoot } from './data-folder';

test.each(golden.cases)('the data folder with $variables', ({ variables, folder }) => {
  expect(dataRoot({ home: '/home/me', env: variables })).toBe(folder);
});
