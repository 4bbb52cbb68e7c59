import { ChevronDown } from 'lucide-react';
import { Switch as RadixSwitch } from 'radix-ui';
import { useId, useState, type ReactNode } from 'react';
import styles from './controls.module.css';
import { Tooltip } from './Tooltip';

interface FieldProps {
  readonly label: string;
  readonly aside?: ReactNode;
  readonly hint?: string | undefined;
  readonly children: (id: string) => ReactNode;
}

/** A label, its control, and a line under it. */
export function Field({ label, aside, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <div className={styles.label}>
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children(id)}
      {hint !== undefined && <span className={styles.hint}>{hint}</span>}
    </div>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number | 'any';
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
  readonly aside?: ReactNode;
  readonly isDisabled?: boolean;
  readonly onChange: (value: number) => void;
}

/** A number field that accepts any text and reports each valid number; errors are shown, not prevented. */
export function NumberField({
  label,
  value,
  problem = '',
  hint,
  aside,
  isDisabled = false,
  onChange,
  ...range
}: NumberFieldProps) {
  const [text, setText] = useState<string | null>(null);
  return (
    <Field label={label} aside={aside} hint={hint}>
      {(id) => (
        <>
          <Tooltip text={problem}>
            <input
              id={id}
              className={styles.input}
              type="number"
              inputMode="decimal"
              {...range}
              disabled={isDisabled}
              value={text ?? String(value)}
              aria-invalid={problem !== ''}
              aria-describedby={problem === '' ? undefined : `${id}-problem`}
              onChange={(event) => {
                setText(event.target.value);
                const number = event.target.valueAsNumber;
                if (Number.isFinite(number)) onChange(number);
              }}
              onBlur={() => setText(null)}
            />
          </Tooltip>
          {problem !== '' && (
            <span id={`${id}-problem`} className="visually-hidden">
              {problem}
            </span>
          )}
        </>
      )}
    </Field>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly hint?: string | undefined;
  readonly problem?: string;
  /** The text is hidden, and the page doesn't keep it. */
  readonly isSecret?: boolean;
  readonly maxLength?: number;
  readonly onChange: (value: string) => void;
}

/** One line of text. */
export function TextField({ label, value, hint, problem = '', isSecret = false, onChange, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={problem === '' ? hint : problem}>
      {(id) => (
        <input
          id={id}
          className={styles.input}
          type={isSecret ? 'password' : 'text'}
          autoComplete="off"
          spellCheck={false}
          {...rest}
          value={value}
          aria-invalid={problem !== ''}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

interface TextAreaFieldProps extends Pick<TextFieldProps, 'label' | 'value' | 'hint' | 'maxLength' | 'onChange'> {
  readonly rows: number;
}

/** Several lines of text. */
export function TextAreaField({ label, hint, onChange, ...rest }: TextAreaFieldProps) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <textarea id={id} className={styles.textarea} {...rest} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly isDisabled?: boolean;
}

interface SelectFieldProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly hint?: string | undefined;
  readonly isDisabled?: boolean;
  readonly onChange: (value: T) => void;
}

/** The native select: Radix's injects styles, which the content security policy refuses. */
export function SelectField<T extends string>({
  label,
  value,
  choices,
  hint,
  isDisabled = false,
  onChange,
}: SelectFieldProps<T>) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <div className={styles.selectBox}>
          <select
            id={id}
            className={styles.select}
            value={value}
            disabled={isDisabled}
            onChange={(event) => {
              const chosen = choices.find((choice) => choice.value === event.target.value);
              if (chosen !== undefined) onChange(chosen.value);
            }}
          >
            {choices.map((choice) => (
              <option key={choice.value} value={choice.value} disabled={choice.isDisabled}>
                {choice.label}
              </option>
            ))}
          </select>
          <ChevronDown size={14} aria-hidden />
        </div>
      )}
    </Field>
  );
}

interface SwitchFieldProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly hint?: string;
  /** Why it is disabled; empty if it isn't. It stays focusable, so that the reason can be read. */
  readonly blocked?: string;
  readonly onChange: (isOn: boolean) => void;
}

export function SwitchField({ label, isOn, hint, blocked = '', onChange }: SwitchFieldProps) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <div className={styles.field}>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && <span className={styles.hint}>{hint}</span>}
      </div>
      <Tooltip text={blocked}>
        <RadixSwitch.Root
          id={id}
          className={styles.switch}
          checked={isOn}
          aria-disabled={blocked !== ''}
          aria-describedby={blocked === '' ? undefined : `${id}-blocked`}
          onCheckedChange={(next) => {
            if (blocked === '') onChange(next);
          }}
          // Radix's tooltip trigger would override this attribute, which the switch's style depends on.
          data-state={isOn ? 'checked' : 'unchecked'}
        >
          <span className={styles.thumb} />
        </RadixSwitch.Root>
      </Tooltip>
      {blocked !== '' && (
        <span id={`${id}-blocked`} className="visually-hidden">
          {blocked}
        </span>
      )}
    </div>
  );
}
