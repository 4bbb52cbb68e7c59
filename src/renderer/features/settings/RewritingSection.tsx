import { useEffect, useRef, useState } from 'react';
import { parseCommandLine } from '../../../shared/command-line';
import {
  endpointOrigin,
  parseEndpoint,
  remoteHost,
  REWRITER_KINDS,
  rewriterSchema,
  type Rewriter,
} from '../../../shared/rewriting';
import { copy } from '../../copy';
import { useNavigation } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { Button } from '../../ui/Button';
import { SelectField, TextField } from '../../ui/fields';
import page from '../../ui/page.module.css';
import { ApiKey } from './ApiKey';
import { RewriteInstruction } from './RewriteInstruction';
import { TryRewriting } from './TryRewriting';

const strings = copy.rewritingSettings;

/** Who rewrites prompts. Off until it is set up; each change is confirmed in a dialog of the system. */
export function RewritingSection() {
  const { rewriter: saved } = useSlice('settings');
  const [edited, setEdited] = useState<Rewriter | null>(null);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (useNavigation.getState().settingsSection === 'rewriting') section.current?.querySelector('select')?.focus();
  }, []);
  const value = edited ?? saved;
  const change = (changes: Partial<Rewriter>): void => setEdited({ ...value, ...changes });
  const save = async (rewriter: Rewriter): Promise<void> => {
    if ((await send(window.splitreel.setRewriter(rewriter))) === true) setEdited(null);
  };
  const choose = (kind: Rewriter['kind']): void => {
    if (kind === 'off') void save({ ...saved, kind });
    else change({ kind });
  };
  const isSaved = edited === null || JSON.stringify(edited) === JSON.stringify(saved);
  return (
    <section ref={section} className={page.section} aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className={page.quiet}>{strings.intro}</p>
      <SelectField
        label={strings.kind}
        value={value.kind}
        choices={REWRITER_KINDS.map((kind) => ({ value: kind, label: strings.kinds[kind] }))}
        onChange={choose}
      />
      {value.kind === 'command' && <CommandFields value={value} onChange={change} />}
      {value.kind === 'endpoint' && <EndpointFields value={value} onChange={change} />}
      {!isSaved && value.kind !== 'off' && (
        <div className={page.row}>
          <Button look="primary" disabled={!rewriterSchema.safeParse(value).success} onClick={() => void save(value)}>
            {strings.save}
          </Button>
        </div>
      )}
      {isSaved && saved.kind === 'endpoint' && (
        <>
          <ApiKey key={endpointOrigin(saved.address)} />
          <RewriteInstruction />
        </>
      )}
      {isSaved && saved.kind !== 'off' && <TryRewriting />}
    </section>
  );
}

interface FieldsProps {
  readonly value: Rewriter;
  readonly onChange: (changes: Partial<Rewriter>) => void;
}

function CommandFields({ value, onChange }: FieldsProps) {
  const parsed = parseCommandLine(value.command);
  const problem = 'problem' in parsed && value.command !== '' ? strings.commandProblems[parsed.problem] : '';
  return (
    <TextField
      label={strings.command}
      hint={strings.commandHint}
      placeholder={strings.commandPlaceholder}
      problem={problem}
      maxLength={2_000}
      value={value.command}
      onChange={(command) => onChange({ command })}
    />
  );
}

function EndpointFields({ value, onChange }: FieldsProps) {
  const isWrong = value.address !== '' && parseEndpoint(value.address) === null;
  const host = remoteHost(value);
  return (
    <>
      <TextField
        label={strings.address}
        hint={host === null ? strings.addressHint : strings.sentTo({ host })}
        placeholder={strings.addressPlaceholder}
        problem={isWrong ? strings.addressProblem : ''}
        maxLength={500}
        value={value.address}
        onChange={(address) => onChange({ address: address.trim() })}
      />
      <TextField
        label={strings.model}
        placeholder={strings.modelPlaceholder}
        maxLength={200}
        value={value.model}
        onChange={(model) => onChange({ model })}
      />
    </>
  );
}
