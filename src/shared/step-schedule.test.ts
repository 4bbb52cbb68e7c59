import { expect, it } from 'vitest';
import golden from '../../resources/golden/step-schedule.json';
import { computedOf, computedSteps } from './step-schedule';

it.each(golden.cases)('selects the same steps out of $steps as the engine', ({ steps, computed }) => {
  const found = computedSteps(steps).flatMap((isComputed, step) => (isComputed ? [step] : []));
  expect(found).toEqual(computed);
  expect(computedOf(steps, steps)).toBe(computed.length);
});

it('counts what was computed so far', () => {
  expect(computedOf(9, 4)).toBe(2);
  expect(computedOf(9, 5)).toBe(3);
});
