import { ChevronDown, History, SlidersHorizontal } from 'lucide-react';
import { closeDialog, openDialog, useDialogs } from '../../state/dialogs';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import styles from './CreatePage.module.css';
import { HistoryDialog } from './HistoryDialog';
import { PresetsDialog } from './PresetsDialog';
import type { CreateForm } from './use-create';
import { VariationsMenu } from './VariationsMenu';

const strings = copy.prompts;

/** Replaces the examples once there is a prompt or something to undo; hidden on the first start. */
export function PromptTools({ form }: { readonly form: CreateForm }) {
  const history = useSlice('promptHistory');
  const presets = useSlice('presets');
  const { open } = useDialogs();
  const isEmpty = form.draft.request.prompt.trim() === '';
  const isNew = isEmpty && history.length === 0 && presets.length === 0;
  return (
    <>
      {!isNew && (
        <div className={styles.tools} role="group" aria-label={strings.tools}>
          <Button size="small" look="plain" onClick={() => openDialog('history')}>
            <History size={14} aria-hidden />
            {strings.history}
          </Button>
          <Button size="small" look="plain" onClick={() => openDialog('presets')}>
            <SlidersHorizontal size={14} aria-hidden />
            {strings.presets}
          </Button>
          {!isEmpty && (
            <VariationsMenu form={form}>
              <Button size="small" look="plain">
                {strings.variations}
                <ChevronDown size={14} aria-hidden />
              </Button>
            </VariationsMenu>
          )}
        </div>
      )}
      {open === 'history' && <HistoryDialog onClose={closeDialog} />}
      {open === 'presets' && <PresetsDialog onClose={closeDialog} />}
    </>
  );
}
