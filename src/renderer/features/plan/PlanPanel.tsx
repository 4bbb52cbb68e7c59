import { Sparkles } from 'lucide-react';
import { useState } from 'react';
import type { Machine } from '../../../shared/machine';
import { explanationText, noticeText } from '../../../shared/messages';
import {
  axisOptions,
  isApproximate,
  recommendPlan,
  worldSize,
  type Axis,
  type MeasuredSteps,
  type Plan,
  type PlanContext,
} from '../../../shared/plan';
import type { GenerateRequest } from '../../../shared/sampling';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { DevicePicker } from './DevicePicker';
import type { ChosenDevices } from '../../state/devices';
import { describeMoves } from './moves';
import { PlanAxes } from './PlanAxes';
import { PlanDrawing } from './PlanDrawing';
import styles from './PlanPanel.module.css';
import { TorchrunLine } from './TorchrunLine';

export interface PlanPanelProps {
  readonly plan: Plan;
  readonly isAutomatic: boolean;
  readonly context: PlanContext;
  readonly measured: MeasuredSteps;
  readonly machine: Machine;
  readonly devices: ChosenDevices;
  readonly torchrun: string;
  /** From the request: they decide whether PipeFusion is approximate. */
  readonly steps: Pick<GenerateRequest, 'numPipelinePatch' | 'warmupSteps' | 'numInferenceSteps'>;
  readonly onChange: (plan: Plan, isAutomatic: boolean) => void;
}

export function PlanPanel({
  plan,
  isAutomatic,
  context,
  measured,
  machine,
  devices,
  torchrun,
  steps,
  onChange,
}: PlanPanelProps) {
  const [moves, setMoves] = useState<readonly string[]>([]);

  const setDegree = (axis: Axis, value: number): void => {
    const option = axisOptions(context, plan, axis).find((candidate) => candidate.value === value);
    const next = option?.plan ?? null;
    if (next === null) return;
    setMoves(describeMoves(plan, next, axis));
    onChange(next, false);
  };
  const recommend = (): void => {
    setMoves([]);
    onChange(recommendPlan(context, measured).plan, true);
  };

  const product = productLine(plan, context);
  const explanations = recommendPlan(context, measured).explanations.map(explanationText);
  const sentences = isAutomatic ? explanations : moves;

  return (
    <section className={styles.panel} aria-labelledby="plan-title">
      <div className={styles.head}>
        <h2 id="plan-title">{copy.plan.title}</h2>
        <Button
          size="small"
          aria-pressed={isAutomatic}
          className={classes(isAutomatic && styles.recommendedOn)}
          title={copy.plan.recommendedHint}
          onClick={recommend}
        >
          <Sparkles size={14} aria-hidden />
          {copy.plan.recommended}
        </Button>
      </div>
      <DevicePicker machine={machine} devices={devices} />
      <PlanDrawing plan={plan} context={context} devices={devices} sentence={product} />
      <p className={styles.product}>{product}</p>
      <PlanAxes plan={plan} context={context} onDegree={setDegree} />
      <div className={styles.memoryNote} role="status">
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {isApproximate(plan, steps) && <p className={styles.warn}>{noticeText('approximate', {})}</p>}
      </div>
      <TorchrunLine line={torchrun} />
    </section>
  );
}

/** `2 × 1 × 2 = 4 of 4 GPUs`: Ulysses, Ring, CFG, then the other axes in use. */
function productLine(plan: Plan, context: PlanContext): string {
  const rest = (['dp', 'pp', 'tp'] as const).filter((axis) => plan[axis] > 1);
  const shown = ['ulysses', 'ring', 'cfg', ...rest] as const;
  const available = copy.plan.available({ kind: context.devices.kind, count: context.devices.count });
  const used = worldSize(plan);
  if (used === 1) return copy.plan.single({ available });
  return copy.plan.product({ factors: shown.map((axis) => String(plan[axis])).join(' × '), used, available });
}
