/** Values that several pages show in the same text. */
import { loraName, type Lora } from '../../shared/sampling';
import { computedOf } from '../../shared/step-schedule';
import { copy } from '.';
import { currentLanguage } from '../../shared/language';
import { modelDescriptions } from './zh/model-descriptions';

export const loraText = (lora: Lora): string => copy.library.lora({ name: loraName(lora), strength: lora.strength });

/** How many of the first `completed` steps the fast quality computes. */
export function computedText(steps: number, completed: number): string {
  const computed = computedOf(steps, completed);
  return copy.progress.computed({ computed, steps: completed, predicted: completed - computed });
}

/** A description from the user's own catalog is shown as written. */
export const modelDescription = (description: string): string =>
  currentLanguage() === 'zh-CN' ? (modelDescriptions[description] ?? description) : description;
