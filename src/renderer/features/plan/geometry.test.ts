import { expect, test } from 'vitest';
import { AXES, ONE_RANK, worldSize, type Plan } from '../../../shared/plan';
import { layOutPlan, scaleIn } from './geometry';

const BOUNDS = { width: 344, height: 148 };

function plansUpTo(ranks: number): Plan[] {
  let plans: Plan[] = [ONE_RANK];
  for (const axis of AXES) {
    const values = axis === 'cfg' ? [1, 2] : [1, 2, 3, 4, 5, 6, 7, 8];
    plans = plans
      .flatMap((plan) => values.map((value) => ({ ...plan, [axis]: value })))
      .filter((plan) => worldSize(plan) <= ranks);
  }
  return plans;
}

test('every plan of up to 8 ranks has one tile per rank, inside the drawing and without overlap', () => {
  for (const plan of plansUpTo(8)) {
    const { tiles, width, height } = layOutPlan(plan, BOUNDS);
    expect(tiles.map(({ rank }) => rank).sort((a, b) => a - b)).toEqual(
      Array.from({ length: worldSize(plan) }, (_, rank) => rank),
    );
    for (const tile of tiles) {
      expect(tile.x).toBeGreaterThanOrEqual(0);
      expect(tile.x + tile.width).toBeLessThanOrEqual(width + 0.01);
      expect(tile.y + tile.height).toBeLessThanOrEqual(height + 0.01);
      const over = tiles.filter(
        (other) =>
          other !== tile && Math.abs(other.x - tile.x) < tile.width && Math.abs(other.y - tile.y) < tile.height,
      );
      expect(over).toEqual([]);
    }
  }
});

test('groups are stacked if they would be unreadable side by side', () => {
  const plan = { ...ONE_RANK, cfg: 2, pp: 2, ulysses: 2 };
  const drawing = layOutPlan(plan, BOUNDS);
  const halves = drawing.frames.filter(({ kind }) => kind === 'cfg');
  expect(halves[0]?.x).toBe(halves[1]?.x);
  expect(scaleIn(BOUNDS, drawing)).toBeGreaterThan(0.7);
});

test('an arrow leads from each stage of a pipeline to the next, and from no other group', () => {
  const arrows = (plan: Partial<Plan>) =>
    layOutPlan({ ...ONE_RANK, ...plan }, BOUNDS).arrows.filter(({ kind }) => kind === 'pp');
  expect(arrows({ pp: 3 })).toHaveLength(2);
  expect(arrows({ cfg: 2 })).toEqual([]);
});
