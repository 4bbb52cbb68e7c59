import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { Slices } from '../../../shared/ipc';
import { MAX_PATCHES } from '../../../shared/limits';
import { reasonText } from '../../../shared/messages';
import { computedOf } from '../../../shared/step-schedule';
import { ATTENTION_KERNELS, OFFLOADS, QUALITIES, SCHEDULERS, type SamplingParams } from '../../../shared/sampling';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Field, NumberField, SelectField, SwitchField, type Choice } from '../../ui/fields';
import controls from '../../ui/controls.module.css';
import styles from './CreatePage.module.css';
import { LoraFields } from './LoraFields';
import { problemsByField } from './problems';
import type { FieldsProps } from './use-create';

export function AdvancedFields({ form, ready }: FieldsProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section className={styles.group}>
      <Button
        size="small"
        look="plain"
        className={styles.disclosure}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        {copy.create.advanced}
      </Button>
      {isOpen && (
        <>
          <SamplingFields form={form} />
          <LoraFields form={form} ready={ready} />
          {form.devices.kind === 'cuda' && <GpuFields form={form} />}
          {ready.plan.pp > 1 && <PipelineFields form={form} ready={ready} />}
        </>
      )}
    </section>
  );
}

function SamplingFields({ form }: Pick<FieldsProps, 'form'>) {
  const { request } = form.draft;
  const steps = request.numInferenceSteps;
  return (
    <>
      <Field label={copy.create.negative}>
        {(id) => (
          <textarea
            id={id}
            className={controls.textarea}
            dir="auto"
            rows={1}
            maxLength={20_000}
            placeholder={copy.create.negativeHint}
            value={request.negativePrompt}
            onChange={(event) => form.setRequest({ negativePrompt: event.target.value })}
          />
        )}
      </Field>
      <SwitchField
        label={copy.create.dynamicCfg}
        hint={copy.create.dynamicCfgHint}
        isOn={request.useDynamicCfg}
        onChange={(useDynamicCfg) => form.setRequest({ useDynamicCfg })}
      />
      <SelectField
        label={copy.create.quality}
        value={request.quality}
        choices={QUALITIES.map((value) => ({ value, label: copy.create.qualities[value] }))}
        hint={copy.create.qualityNotes[request.quality]({ computed: computedOf(steps, steps), steps })}
        onChange={(quality) => form.setRequest({ quality })}
      />
      <SelectField
        label={copy.create.scheduler}
        value={request.scheduler}
        choices={SCHEDULERS.map((value) => ({ value, label: copy.create.schedulers[value] }))}
        onChange={(scheduler) => form.setRequest({ scheduler })}
      />
    </>
  );
}

function GpuFields({ form }: Pick<FieldsProps, 'form'>) {
  const { kernels } = useSlice('engine');
  const { request } = form.draft;
  return (
    <>
      <SelectField
        label={copy.create.offload}
        value={request.offload}
        choices={OFFLOADS.map((value) => ({ value, label: copy.create.offloads[value] }))}
        onChange={(offload) => form.setRequest({ offload })}
      />
      <SelectField
        label={copy.create.attention}
        value={request.attention}
        choices={kernelChoices(kernels)}
        hint={blockedKernel(kernels, request.attention)}
        onChange={(attention) => form.setRequest({ attention })}
      />
    </>
  );
}

function PipelineFields({ form, ready }: FieldsProps) {
  const problem = problemsByField({ form, ready });
  const { request } = form.draft;
  return (
    <div className={styles.two}>
      <NumberField
        label={copy.create.patches}
        value={request.numPipelinePatch}
        min={1}
        max={MAX_PATCHES}
        problem={problem('numPipelinePatch')}
        onChange={(numPipelinePatch) => form.setRequest({ numPipelinePatch })}
      />
      <NumberField
        label={copy.create.warmup}
        value={request.warmupSteps}
        min={0}
        max={request.numInferenceSteps}
        problem={problem('warmupSteps')}
        onChange={(warmupSteps) => form.setRequest({ warmupSteps })}
      />
    </div>
  );
}

/** Offers only kernels that this computer's engine can run, and only the standard one until the engine has checked. */
function kernelChoices(kernels: Slices['engine']['kernels']): Choice<SamplingParams['attention']>[] {
  const isPossible = (value: string): boolean =>
    value === 'auto' || value === 'sdpa' || kernels.some((state) => state.kernel === value && state.reason === null);
  return ATTENTION_KERNELS.map((value) => ({
    value,
    label: copy.create.kernels[value],
    isDisabled: !isPossible(value),
  }));
}

function blockedKernel(kernels: Slices['engine']['kernels'], chosen: string): string | undefined {
  const reason = kernels.find((state) => state.kernel === chosen)?.reason ?? null;
  return reason === null ? undefined : reasonText(reason);
}
