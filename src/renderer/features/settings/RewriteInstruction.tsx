import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { MAX_INSTRUCTION_CHARACTERS, USUAL_INSTRUCTION } from '../../../shared/rewriting';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import { TextAreaField } from '../../ui/fields';
import page from '../../ui/page.module.css';
import styles from './SettingsPage.module.css';

const strings = copy.rewritingSettings;

/** What a server is asked to do with each prompt. */
export function RewriteInstruction() {
  const { rewriteInstruction } = useSlice('settings');
  const [isOpen, setIsOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const saved = rewriteInstruction ?? USUAL_INSTRUCTION;
  const text = typed ?? saved;
  const save = (instruction: string | null): void => {
    void send(window.splitreel.updateSettings({ rewriteInstruction: instruction }));
    setTyped(null);
  };
  return (
    <>
      <Button
        size="small"
        look="plain"
        className={styles.disclosure}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        {strings.editInstruction}
      </Button>
      {isOpen && (
        <>
          <TextAreaField
            label={strings.instruction}
            hint={strings.instructionHint}
            rows={12}
            maxLength={MAX_INSTRUCTION_CHARACTERS}
            value={text}
            onChange={setTyped}
          />
          <div className={page.row}>
            <Button
              disabled={text === saved || text.trim() === ''}
              onClick={() => save(text === USUAL_INSTRUCTION ? null : text)}
            >
              {strings.save}
            </Button>
            <Button disabled={text === USUAL_INSTRUCTION && rewriteInstruction === null} onClick={() => save(null)}>
              {strings.restore}
            </Button>
          </div>
        </>
      )}
    </>
  );
}
