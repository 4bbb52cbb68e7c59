import { useState, type SyntheticEvent } from 'react';
import { MAX_PRESET_NAME } from '../../../shared/presets';
import { adoptPreset, importPresets, savePreset } from '../../state/adopt';
import { useSlice } from '../../state/projection';
import { send, showToast } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { PickList } from '../../ui/PickList';
import { TextField } from '../../ui/fields';
import styles from './CreatePage.module.css';

const strings = copy.presets;

async function exportPresets(): Promise<void> {
  const file = await send(window.splitreel.exportPresets());
  if (file !== null) showToast(copy.errors.saved({ path: file }));
}

export function PresetsDialog({ onClose }: { readonly onClose: () => void }) {
  const presets = useSlice('presets');
  const [activeName, setActiveName] = useState<string | null>(null);
  const active = presets.find(({ name }) => name === activeName) ?? presets[0];
  const items = presets.map((preset) => {
    const { width, height, numFrames, numInferenceSteps } = preset.settings;
    const detail = copy.queue.setSummary({ width, height, frames: numFrames, steps: numInferenceSteps });
    return { id: preset.name, text: preset.name, detail, preset };
  });
  return (
    <Dialog
      width="list"
      title={strings.title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={() => void importPresets(null)}>{strings.importFile}</Button>
          <Button disabled={presets.length === 0} onClick={() => void exportPresets()}>
            {strings.exportAll}
          </Button>
          <Button
            disabled={active === undefined}
            onClick={() => {
              if (active !== undefined) void send(window.splitreel.removePreset({ name: active.name }));
            }}
          >
            {strings.remove}
          </Button>
          <Button onClick={onClose}>{copy.app.close}</Button>
        </>
      }
    >
      <SaveForm />
      {presets.length === 0 ? (
        <p className={styles.quiet}>{strings.none}</p>
      ) : (
        <PickList
          label={strings.search}
          items={items}
          empty={strings.nothingFound}
          onActive={(item) => setActiveName(item?.id ?? null)}
          onPick={({ preset }) => {
            adoptPreset(preset);
            onClose();
          }}
        />
      )}
    </Dialog>
  );
}

function SaveForm() {
  const [name, setName] = useState('');
  const save = (event: SyntheticEvent): void => {
    event.preventDefault();
    void savePreset(name.trim());
    setName('');
  };
  return (
    <form className={styles.saveRow} onSubmit={save}>
      <div className={styles.grow}>
        <TextField label={strings.name} value={name} maxLength={MAX_PRESET_NAME} onChange={setName} />
      </div>
      <Button type="submit" disabled={name.trim() === ''}>
        {strings.save}
      </Button>
    </form>
  );
}
