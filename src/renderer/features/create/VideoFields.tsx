import { Dices, Lock, LockOpen } from 'lucide-react';
import { formatDuration } from '../../../shared/format';
import { MAX_GUIDANCE, MAX_SEED, MAX_STEPS, MAX_VIDEOS } from '../../../shared/limits';
import { reasonText } from '../../../shared/messages';
import type { ModelShape } from '../../../shared/model';
import { requestLimits } from '../../../shared/request';
import { copy } from '../../copy';
import { rollSeed } from '../../state/draft';
import { IconButton } from '../../ui/Button';
import { NumberField, SelectField, type Choice } from '../../ui/fields';
import styles from './CreatePage.module.css';
import { problemsByField } from './problems';
import type { FieldsProps } from './use-create';

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
      {limits.fixedSize !== null && (
        <p className={styles.rowNote}>{reasonText({ code: 'size_fixed', params: { ...limits.fixedSize } })}</p>
      )}
    </div>
  );
}

/** A list of every possible number of frames; there are only a few. */
function frameChoices(shape: ModelShape, current: number, fps: number): Choice<string>[] {
  const { minFrames, maxFrames, frameStep } = requestLimits(shape);
  const counts: number[] = [];
  for (let frames = minFrames; frames <= maxFrames; frames += frameStep) counts.push(frames);
  if (!counts.includes(current)) counts.push(current);
  return counts.map((frames) => ({
    value: String(frames),
    label: copy.create.frameChoice({ frames, time: formatDuration((frames / fps) * 1000) }),
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
                ? copy.create.videosNote({ first: request.seed, last: request.seed + request.videoCount - 1 })
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
