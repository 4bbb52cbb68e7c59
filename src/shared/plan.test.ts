import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelShape } from './model';
import {
  AXES,
  ONE_RANK,
  axisOptions,
  checkPlan,
  nearestPlan,
  nearestToPlan,
  planKey,
  rankPlans,
  recommendPlan,
  validPlans,
  worldSize,
  type Plan,
  type PlanContext,
} from './plan';

const shape5b: ModelShape = {
  task: 'text-to-video',
  heads: 48,
  blocks: 42,
  patchSize: 2,
  patchSizeTemporal: 1,
  spatialCompression: 8,
  temporalCompression: 4,
  latentChannels: 16,
  maxTextTokens: 226,
  positions: 'rope',
  sampleWidth: 720,
  sampleHeight: 480,
  sampleFrames: 49,
  scheduler: 'CogVideoXDDIMScheduler',
};

function context(overrides: {
  heads?: number;
  devices?: number;
  guidance?: number;
  videos?: number;
  island?: number;
}): PlanContext {
  return {
    shape: { ...shape5b, heads: overrides.heads ?? 48 },
    request: {
      guidanceScale: overrides.guidance ?? 6,
      videoCount: overrides.videos ?? 1,
      offload: 'none',
    },
    devices: { kind: 'cuda', count: overrides.devices ?? 8, islandSize: overrides.island ?? 8 },
  };
}

const plan = (degrees: Partial<Plan>): Plan => ({ ...ONE_RANK, ...degrees });

const anyContext = fc
  .record({
    heads: fc.constantFrom(12, 30, 48, 7),
    devices: fc.integer({ min: 1, max: 8 }),
    guidance: fc.constantFrom(0, 1, 1.5, 6),
    videos: fc.integer({ min: 1, max: 4 }),
    island: fc.constantFrom(1, 2, 4, 8),
  })
  .map(context);
const anyPlan = fc.record(
  Object.fromEntries(AXES.map((a) => [a, fc.integer({ min: 1, max: 9 })])) as {
    [K in keyof Plan]: fc.Arbitrary<number>;
  },
);

describe('checkPlan', () => {
  it('names the heads that cannot be shared', () => {
    expect(checkPlan(context({ heads: 30 }), plan({ ulysses: 4 }))).toEqual([
      { code: 'heads_not_shared', params: { heads: 30, by: 4 } },
    ]);
  });

  it('counts tensor and Ulysses together against the heads', () => {
    expect(checkPlan(context({ heads: 30 }), plan({ ulysses: 2, tp: 2 }))[0]?.params).toEqual({
      heads: 30,
      by: 4,
    });
  });

  it('refuses CFG without an unconditional half', () => {
    expect(checkPlan(context({ guidance: 1 }), plan({ cfg: 2 }))[0]?.code).toBe('cfg_without_guidance');
  });

  it('lists every reason, not only the first', () => {
    const codes = checkPlan(context({ heads: 30, devices: 2 }), plan({ ulysses: 4, dp: 2 })).map((r) => r.code);
    expect(codes).toEqual(['heads_not_shared', 'data_exceeds_videos', 'ranks_exceed_gpus']);
  });
});

describe('recommendPlan', () => {
  it.each([
    [{ devices: 1 }, plan({})],
    [{ devices: 2 }, plan({ cfg: 2 })],
    [{ devices: 4 }, plan({ cfg: 2, ring: 2 })],
    [{ devices: 4, island: 1 }, plan({ cfg: 2, ulysses: 2 })],
    [{ devices: 8 }, plan({ cfg: 2, ulysses: 4 })],
    [{ devices: 8, island: 1 }, plan({ cfg: 2, ring: 2, ulysses: 2 })],
    [{ devices: 8, heads: 30 }, plan({ cfg: 2, ring: 4 })],
    [{ devices: 4, guidance: 1 }, plan({ ulysses: 4 })],
    [{ devices: 4, videos: 2 }, plan({ dp: 2, cfg: 2 })],
  ])('%j gives %j', (overrides, expected) => {
    expect(recommendPlan(context(overrides)).plan).toEqual(expected);
  });

  it('lets a measured plan overrule the rule of thumb only if both were measured', () => {
    const ulysses = plan({ ulysses: 4 });
    const only = new Map([[planKey(ulysses), 0.1]]);
    expect(recommendPlan(context({ devices: 4 }), only).plan).toEqual(plan({ cfg: 2, ring: 2 }));
    const both = new Map([...only, [planKey(plan({ cfg: 2, ring: 2 })), 0.2]]);
    const recommended = recommendPlan(context({ devices: 4 }), both);
    expect(recommended.plan).toEqual(ulysses);
    expect(recommended.explanations.at(-1)).toEqual({ code: 'measured', params: { seconds: 0.1 } });
  });
});

describe('properties', () => {
  it('every plan that is offered is valid, and every valid one is offered', () => {
    fc.assert(
      fc.property(anyContext, anyPlan, (ctx, candidate) => {
        const keys = new Set(validPlans(ctx).map(planKey));
        expect(keys.has(planKey(candidate))).toBe(checkPlan(ctx, candidate).length === 0);
      }),
    );
  });

  it('ranking keeps every valid plan once, best first', () => {
    fc.assert(
      fc.property(anyContext, (ctx) => {
        const ranked = rankPlans(ctx).map(planKey);
        expect([...ranked].sort()).toEqual(validPlans(ctx).map(planKey).sort());
        expect(recommendPlan(ctx).plan).toEqual(rankPlans(ctx)[0]);
      }),
    );
  });

  it('a slider value is either blocked with a reason or leads to a valid plan that has it', () => {
    fc.assert(
      fc.property(anyContext, fc.constantFrom(...AXES), (ctx, axis) => {
        const current = recommendPlan(ctx).plan;
        for (const option of axisOptions(ctx, current, axis)) {
          if (option.plan === null) expect(option.blocked).not.toBeNull();
          else {
            expect(option.blocked).toBeNull();
            expect(option.plan[axis]).toBe(option.value);
            expect(checkPlan(ctx, option.plan)).toEqual([]);
          }
        }
      }),
    );
  });

  it('a valid plan stays unchanged', () => {
    fc.assert(
      fc.property(anyContext, (ctx) => {
        for (const valid of validPlans(ctx)) {
          expect(nearestToPlan(ctx, valid)).toEqual(valid);
          for (const axis of AXES) expect(nearestPlan(ctx, valid, axis)).toEqual(valid);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('an invalid plan moves to a valid one no larger than the devices', () => {
    fc.assert(
      fc.property(anyContext, anyPlan, (ctx, candidate) => {
        const moved = nearestToPlan(ctx, candidate);
        expect(checkPlan(ctx, moved)).toEqual([]);
        expect(worldSize(moved)).toBeLessThanOrEqual(ctx.devices.count);
      }),
    );
  });
});
