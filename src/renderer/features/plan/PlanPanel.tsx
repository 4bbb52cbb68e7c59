import { ChevronDown, ChevronRight, Copy, Sparkles } from 'lucide-react';
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
import { send, showToast } from '../../state/send';
import { copy } from '../../copy/en';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { SwitchField } from '../../ui/fields';
import { DegreeSlider } from './DegreeSlider';
import { DevicePicker } from './DevicePicker';
import type { ChosenDevices } from '../../state/devices';
import { blockedText, describeMoves } from './moves';
import { PlanDrawing } from './PlanDrawing';
import styles from './PlanPanel.module.css';

const SLIDERS = ['ulysses', 'ring'] as const;
const MORE = ['dp', 'pp', 'tp'] as const;
const HIDDEN_AT_ONE = new Set<Axis>(['dp', 'pp', 'tp']);

export interface PlanPanelProps {
  readonly plan: Plan;
  readonly isAutomatic: boolean;
  readonly context: PlanContext;
  readonly measured: MeasuredSteps;
  readonly machine: Machine;
  readonly devices: ChosenDevices;
  readonly torchrun: string;
  /** Of the request: they decide whether PipeFusion's video differs. */
  readonly steps: Pick<GenerateRequest, 'numPipelinePatch' | 'warmupSteps' | 'numInferenceSteps'>;
  readonly onChange: (plan: Plan, isAutomatic: boolean) => void;
}

/** `2 × 1 × 2 = 4 of 4 GPUs`: Ulysses, Ring, CFG, then the other axes that split anything. */
export function productLine(plan: Plan, context: PlanContext): string {
  const shown = (['ulysses', 'ring', 'cfg', 'dp', 'pp', 'tp'] as const).filter(
    (axis) => !HIDDEN_AT_ONE.has(axis) || plan[axis] > 1,
  );
  const available = copy.plan.available(context.devices.kind, context.devices.count);
  const used = worldSize(plan);
  if (used === 1) return copy.plan.single(available);
  return copy.plan.product(shown.map((axis) => String(plan[axis])).join(' × '), used, available);
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
  const [isMore, setIsMore] = useState(MORE.some((axis) => plan[axis] > 1));

  const setAxis = (axis: Axis, value: number): void => {
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
  const cfgBlocked = axisOptions(context, plan, 'cfg').find((option) => option.value === 2)?.blocked ?? null;
  const explanations = recommendPlan(context, measured).explanations.map(explanationText);
  const said = isAutomatic ? explanations : moves;

  const slider = (axis: Axis) => (
    <DegreeSlider
      key={axis}
      axis={axis}
      value={plan[axis]}
      options={axisOptions(context, plan, axis)}
      {...(axis === 'pp' && { badge: copy.plan.approximate })}
      onChange={(value) => setAxis(axis, value)}
    />
  );

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
      {SLIDERS.map(slider)}
      <SwitchField
        label={copy.plan.axes.cfg}
        hint={copy.plan.hints.cfg}
        isOn={plan.cfg === 2}
        blocked={plan.cfg === 1 && cfgBlocked !== null ? blockedText(cfgBlocked) : ''}
        onChange={(isOn) => setAxis('cfg', isOn ? 2 : 1)}
      />
      <Button
        size="small"
        look="plain"
        className={styles.more}
        aria-expanded={isMore}
        onClick={() => setIsMore(!isMore)}
      >
        {isMore ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        {copy.plan.more}
      </Button>
      {isMore && MORE.map(slider)}
      <div className={styles.said} role="status">
        {said.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {isApproximate(plan, steps) && <p className={styles.warn}>{noticeText('approximate', {})}</p>}
      </div>
      <div className={styles.torchrun}>
        <div className={styles.head}>
          <span className={styles.quiet}>{copy.plan.torchrun}</span>
          <Button
            size="small"
            look="plain"
            onClick={() =>
              void send(window.splitreel.copyText({ text: torchrun })).then((done) => {
                if (done !== null) showToast(copy.plan.copied);
              })
            }
          >
            <Copy size={14} aria-hidden />
            {copy.plan.copyLine}
          </Button>
        </div>
        <textarea className={styles.line} aria-label={copy.plan.torchrun} readOnly rows={4} value={torchrun} />
      </div>
    </section>
  );
}
