/** How changing one degree changed the others, as text. */
import { formatSentences } from '../../../shared/format';
import { noticeText, reasonText, type Reason } from '../../../shared/messages';
import { AXES, type Axis, type Plan } from '../../../shared/plan';
import { copy } from '../../copy';

/** `CFG changed from 2 to 1 ...` for each axis that changed along with it. */
export function describeMoves(before: Plan, after: Plan, touched: Axis | null): string[] {
  return AXES.filter((axis) => axis !== touched && before[axis] !== after[axis]).map((axis) =>
    noticeText('plan_moved', { axis: copy.plan.axes[axis], before: before[axis], after: after[axis] }),
  );
}

/** The reason, and the change that would unblock the value, if it is simple. */
export function blockedText(reason: Reason): string {
  const sentence = reasonText(reason);
  switch (reason.code) {
    case 'cfg_without_guidance':
      return formatSentences([sentence, copy.plan.change.guidance]);
    case 'data_exceeds_videos':
      return formatSentences([sentence, copy.plan.change.videos]);
    case 'ranks_exceed_gpus':
    case 'ranks_exceed_cpu':
      return formatSentences([sentence, copy.plan.change.devices]);
    default:
      return sentence;
  }
}
