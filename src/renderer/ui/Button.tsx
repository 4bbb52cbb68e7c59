import { formatAsSentences } from '../../shared/format';
import type { ComponentProps } from 'react';
import { classes } from './classes';
import styles from './controls.module.css';
import { Tooltip } from './Tooltip';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'danger' | 'plain';
  readonly size?: 'small';
}

export function Button({ look, size, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes(styles.button, look && styles[look], size && styles.small, className)}
    />
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'aria-label'> {
  readonly label: string;
  /** Explains the action if the label isn't enough; only in the tooltip. */
  readonly hint?: string;
  readonly isPressed?: boolean;
}

/** Only an icon; its label is the tooltip and the accessible name. */
export function IconButton({ label, hint, isPressed, className, look = 'plain', ...rest }: IconButtonProps) {
  return (
    <Tooltip text={hint === undefined ? label : formatAsSentences([label, hint])}>
      <Button
        {...rest}
        look={look}
        aria-label={label}
        aria-pressed={isPressed}
        className={classes(styles.iconOnly, isPressed === true && styles.pressed, className)}
      />
    </Tooltip>
  );
}
