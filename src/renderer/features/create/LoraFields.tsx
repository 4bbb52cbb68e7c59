import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { MAX_LORA_STRENGTH, MAX_LORAS } from '../../../shared/limits';
import { loraName, type Lora } from '../../../shared/sampling';
import { copy } from '../../copy';
import { send } from '../../state/send';
import { Button, IconButton } from '../../ui/Button';
import controls from '../../ui/controls.module.css';
import { NumberField } from '../../ui/fields';
import styles from './CreatePage.module.css';
import { problemsByField } from './problems';
import type { FieldsProps } from './use-create';

/** LoRAs to merge into the model. Each file is checked against the model when it is chosen. */
export function LoraFields({ form, ready }: FieldsProps) {
  const [isChecking, setIsChecking] = useState(false);
  const { loras, modelId } = form.draft.request;
  const problem = problemsByField({ form, ready })('loras');
  const set = (next: readonly Lora[]): void => form.setRequest({ loras: next });
  const add = async (): Promise<void> => {
    setIsChecking(true);
    const chosen = await send(window.splitreel.chooseLora({ modelId }));
    setIsChecking(false);
    if (chosen !== null) set([...loras.filter(({ sha256 }) => sha256 !== chosen.sha256), chosen]);
  };
  return (
    <>
      {loras.map((lora) => (
        <div key={lora.sha256} className={styles.lora}>
          <NumberField
            label={copy.create.loraStrength({ name: loraName(lora) })}
            value={lora.strength}
            min={-MAX_LORA_STRENGTH}
            max={MAX_LORA_STRENGTH}
            step={0.05}
            problem={Math.abs(lora.strength) > MAX_LORA_STRENGTH ? problem : undefined}
            onChange={(strength) => set(loras.map((each) => (each === lora ? { ...lora, strength } : each)))}
          />
          <IconButton
            label={copy.create.removeLora({ name: loraName(lora) })}
            onClick={() => set(loras.filter((each) => each !== lora))}
          >
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      ))}
      <div className={controls.field}>
        <Button disabled={isChecking || loras.length >= MAX_LORAS} onClick={() => void add()}>
          <Plus size={16} aria-hidden />
          {isChecking ? copy.create.checkingLora : copy.create.addLora}
        </Button>
        {loras.length === 0 && <span className={controls.hint}>{copy.create.lorasHint}</span>}
      </div>
    </>
  );
}
