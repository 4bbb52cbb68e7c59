/** Rules that are implemented in both languages, checked with one table of cases, which Python also runs. */
import { describe, expect, it } from 'vitest';
import planCases from '../../resources/golden/plan-cases.json';
import requestCases from '../../resources/golden/request-cases.json';
import { modelShapeSchema, type ModelShape } from './model';
import { checkPlan, planKey, rankPlans, recommendPlan, type PlanContext } from './plan';
import { checkRequest, defaultParams } from './request';
import { OFFLOADS } from './sampling';

const shapeOf = (shapes: Readonly<Record<string, unknown>>, name: string): ModelShape =>
  modelShapeSchema.parse(shapes[name]);

interface PlanCase {
  readonly shape: string;
  readonly request: { readonly guidanceScale: number; readonly videoCount: number; readonly offload: string };
  readonly devices: { readonly kind: string; readonly count: number; readonly islandSize: number };
}

const contextOf = ({ shape, request, devices }: PlanCase): PlanContext => ({
  shape: shapeOf(planCases.shapes, shape),
  request: { ...request, offload: OFFLOADS.find((offload) => offload === request.offload) ?? 'none' },
  devices: { ...devices, kind: devices.kind === 'cuda' ? 'cuda' : 'cpu' },
});

const measuredOf = (measured: object): ReadonlyMap<string, number> =>
  new Map(Object.entries(measured).map(([key, seconds]) => [key, Number(seconds)]));

const named = <T extends { readonly name: string }>(cases: readonly T[]): (readonly [string, T])[] =>
  cases.map((each) => [each.name, each] as const);

/** The window also reports the field of each reason. */
const withoutField = (reasons: ReturnType<typeof checkRequest>): object[] =>
  reasons.map(({ field: _field, ...reason }) => reason);

describe('requests', () => {
  it.each(named(requestCases.cases))('%s', (_, { shape, request, reasons }) => {
    const asked = { ...defaultParams(shapeOf(requestCases.shapes, shape)), negativePrompt: '', ...request };
    expect(withoutField(checkRequest(shapeOf(requestCases.shapes, shape), asked))).toEqual(reasons);
  });

  it.each(named(requestCases.defaults))('defaults of %s', (_, { shape, params }) => {
    expect(defaultParams(shapeOf(requestCases.shapes, shape))).toEqual(params);
  });
});

describe('plans', () => {
  it.each(named(planCases.check))('check: %s', (_, each) => {
    expect(checkPlan(contextOf(each), each.plan)).toEqual(each.reasons);
  });

  it.each(named(planCases.recommend))('recommend: %s', (_, each) => {
    const { plan, explanations } = recommendPlan(contextOf(each), measuredOf(each.measured));
    expect({ plan, explanations }).toEqual({ plan: each.best, explanations: each.explanations });
  });

  it.each(named(planCases.rank))('rank: %s', (_, each) => {
    expect(rankPlans(contextOf(each), measuredOf(each.measured)).map(planKey)).toEqual(each.plans);
  });
});
