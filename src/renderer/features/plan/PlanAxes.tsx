import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { axisOptions, type Axis, type Plan, type PlanContext } from '../../../shared/plan';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { SwitchField } from '../../ui/fields';
import { DegreeSlider } from './DegreeSlider';
import { blockedText } from './moves';
import styles from './PlanPanel.module.css';

const MAIN = ['ulysses', 'ring'] as const;
const MORE = ['dp', 'pp', 'tp'] as const;

interface PlanAxesProps {
  readonly plan: Plan;
  readonly context: PlanContext;
  readonly onDegree: (axis: Axis, value: number) => void;
}

/** A control for each degree; the rare ones are collapsed until one of them is used. */
export function PlanAxes({ plan, context, onDegree }: PlanAxesProps) {
  const [isMore, setIsMore] = useState(MORE.some((axis) => plan[axis] > 1));
  const cfgBlocked = axisOptions(context, plan, 'cfg').find((option) => option.value === 2)?.blocked ?? null;
  const slider = (axis: Axis) => (
    <DegreeSlider
      key={axis}
      axis={axis}
      value={plan[axis]}
      options={axisOptions(context, plan, axis)}
      {...(axis === 'pp' && { badge: copy.plan.approximate })}
      onChange={(value) => onDegree(axis, value)}
    />
  );
  return (
    <>
      {MAIN.map(slider)}
      <SwitchField
        label={copy.plan.axes.cfg}
        hint={copy.plan.hints.cfg}
        isOn={plan.cfg === 2}
        blocked={plan.cfg === 1 && cfgBlocked !== null ? blockedText(cfgBlocked) : ''}
        onChange={(isOn) => onDegree('cfg', isOn ? 2 : 1)}
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
    </>
  );
}
