import { ChevronDown, ChevronRight, Dices, Lock, LockOpen } from 'lucide-react';
import { useState } from 'react';
import type { Slices } from '../../../shared/ipc';
import { reasonText } from '../../../shared/messages';
import type { ModelShape } from '../../../shared/model';
import { ATTENTION_KERNELS, OFFLOADS, QUALITIES, SCHEDULERS, type SamplingParams } from '../../../shared/sampling';
import { checkRequest, requestLimits, type RequestReason } from '../../../shared/request';
import { MAX_GUIDANCE, MAX_PATCHES, MAX_SEED, MAX_STEPS, MAX_VIDEOS } from '../../../shared/limits';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy/en';
import { Button, IconButton } from '../../ui/Button';
import { Field, NumberField, SelectField, SwitchField, type Choice } from '../../ui/fields';
import controls from '../../ui/controls.module.css';
import styles from './CreatePage.module.css';
import { rollSeed } from '../../state/draft';
import type { CreateForm, ReadyModel } from './use-create';

interface FieldsProps {
  readonly form: CreateForm;
  readonly ready: ReadyModel;
}

/** What is wrong with one field; empty where nothing is. */
function problemsByField({ form, ready: { shape } }: FieldsProps): (field: RequestReason['field']) => string {
  const reasons = checkRequest(shape, form.draft.request);
  return (field) => {
    const reason = reasons.find((candidate) => candidate.field === field);
    return reason === undefined ? '' : reasonText(reason);
  };
}

function SizeFields({ form, ready }: FieldsProps) {
  const { model, shape } = ready;
  const problem = problemsByField({ form, ready });
  const { width, height } = form.draft.request;
  const limits = requestLimits(shape);
  const isFixed = limits.fixedSize !== null;
  const key = (size: { width: number; height: number }): string => `${String(size.width)}x${String(size.height)}`;
  const presets: Choice<string>[] = model.sizes.map((size) => ({
    value: key(size),
    label: `${String(size.width)} x ${String(size.height)}`,
  }));
  const current = key({ width, height });
  const isPreset = presets.some((preset) => preset.value === current);
  return (
    <div className={styles.three}>
      <SelectField
        label={copy.create.size}
        value={isPreset ? current : 'own'}
        choices={isPreset ? presets : [...presets, { value: 'own', label: copy.create.customSize }]}
        isDisabled={isFixed}
        hint={
          limits.fixedSize === null ? undefined : reasonText({ code: 'size_fixed', params: { ...limits.fixedSize } })
        }
        onChange={(value) => {
          const size = model.sizes.find((candidate) => key(candidate) === value);
          if (size !== undefined) form.setRequest({ ...size });
        }}
      />
      {(['width', 'height'] as const).map((axis) => (
        <NumberField
          key={axis}
          label={copy.create[axis]}
          value={form.draft.request[axis]}
          min={limits.minSide}
          max={limits.maxSide}
          step={limits.sizeStep}
          isDisabled={isFixed}
          problem={isFixed ? '' : problem(axis)}
          onChange={(value) => form.setRequest({ [axis]: value })}
        />
      ))}
    </div>
  );
}

/** Every number of frames the model makes, as a list: there are few, and no other is possible. */
function frameChoices(shape: ModelShape, current: number, fps: number): Choice<string>[] {
  const { minFrames, maxFrames, frameStep } = requestLimits(shape);
  const counts: number[] = [];
  for (let frames = minFrames; frames <= maxFrames; frames += frameStep) counts.push(frames);
  if (!counts.includes(current)) counts.push(current);
  return counts.map((frames) => ({
    value: String(frames),
    label: `${String(frames)} (${(frames / fps).toFixed(1)} s)`,
  }));
}

export function VideoFields({ form, ready }: FieldsProps) {
  const problem = problemsByField({ form, ready });
  const { request, isSeedLocked } = form.draft;
  return (
    <>
      <SizeFields form={form} ready={ready} />
      <div className={styles.three}>
        <SelectField
          label={copy.create.frames}
          value={String(request.numFrames)}
          choices={frameChoices(ready.shape, request.numFrames, request.fps)}
          onChange={(value) => form.setRequest({ numFrames: Number(value) })}
        />
        <NumberField
          label={copy.create.steps}
          value={request.numInferenceSteps}
          min={1}
          max={MAX_STEPS}
          problem={problem('numInferenceSteps')}
          onChange={(numInferenceSteps) => form.setRequest({ numInferenceSteps })}
        />
        <NumberField
          label={copy.create.guidance}
          value={request.guidanceScale}
          min={0}
          max={MAX_GUIDANCE}
          step={0.5}
          problem={problem('guidanceScale')}
          onChange={(guidanceScale) => form.setRequest({ guidanceScale })}
        />
      </div>
      <div className={styles.seedRow}>
        <div className={styles.grow}>
          <NumberField
            label={copy.create.seed}
            value={request.seed}
            min={0}
            max={MAX_SEED}
            step={1}
            problem={problem('seed')}
            hint={
              request.videoCount > 1
                ? copy.create.videosNote(request.seed, request.seed + request.videoCount - 1)
                : undefined
            }
            onChange={(seed) => form.setSeed(seed, true)}
          />
        </div>
        <div className={styles.seedButtons}>
          <IconButton label={copy.create.rollSeed} onClick={() => form.setSeed(rollSeed(), false)}>
            <Dices size={18} aria-hidden />
          </IconButton>
          <IconButton
            label={copy.create.seedLock}
            isPressed={isSeedLocked}
            onClick={() => form.setSeed(request.seed, !isSeedLocked)}
          >
            {isSeedLocked ? <Lock size={16} aria-hidden /> : <LockOpen size={16} aria-hidden />}
          </IconButton>
        </div>
        <div className={styles.count}>
          <NumberField
            label={copy.create.videos}
            value={request.videoCount}
            min={1}
            max={MAX_VIDEOS}
            problem={problem('videoCount')}
            onChange={(videoCount) => form.setRequest({ videoCount })}
          />
        </div>
      </div>
    </>
  );
}

/** Only kernels that this machine's engine can run can be chosen; before it has looked, only the standard one. */
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

export function AdvancedFields({ form, ready }: FieldsProps) {
  const { kernels } = useSlice('engine');
  const [isOpen, setIsOpen] = useState(false);
  const problem = problemsByField({ form, ready });
  const { request } = form.draft;
  const isGpu = form.devices.kind === 'cuda';
  const isPipelined = ready.plan.pp > 1;
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
          <Field label={copy.create.negative}>
            {(id) => (
              <textarea
                id={id}
                className={controls.textarea}
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
            hint={request.quality === 'fast' ? copy.create.qualityNote : undefined}
            onChange={(quality) => form.setRequest({ quality })}
          />
          <SelectField
            label={copy.create.scheduler}
            value={request.scheduler}
            choices={SCHEDULERS.map((value) => ({ value, label: copy.create.schedulers[value] }))}
            onChange={(scheduler) => form.setRequest({ scheduler })}
          />
          {isGpu && (
            <SelectField
              label={copy.create.offload}
              value={request.offload}
              choices={OFFLOADS.map((value) => ({ value, label: copy.create.offloads[value] }))}
              onChange={(offload) => form.setRequest({ offload })}
            />
          )}
          {isGpu && (
            <SelectField
              label={copy.create.attention}
              value={request.attention}
              choices={kernelChoices(kernels)}
              hint={blockedKernel(kernels, request.attention)}
              onChange={(attention) => form.setRequest({ attention })}
            />
          )}
          {isPipelined && (
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
          )}
        </>
      )}
    </section>
  );
}
