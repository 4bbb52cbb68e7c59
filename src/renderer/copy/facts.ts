/** Values that several pages show in the same text. */
import { loraName, type Lora } from '../../shared/sampling';
import { computedOf } from '../../shared/step-schedule';
import { copy } from '.';

export const loraText = (lora: Lora): string => copy.library.lora({ name: loraName(lora), strength: lora.strength });

/** Of the first `completed` steps, how many the fast quality computes. */
export function computedText(steps: number, completed: number): string {
  const computed = computedOf(steps, completed);
  return copy.progress.computed({ computed, steps: completed, predicted: completed - computed });
}
