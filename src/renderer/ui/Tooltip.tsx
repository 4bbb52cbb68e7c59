import { Tooltip as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import styles from './controls.module.css';

interface TooltipProps {
  /** Nothing is shown if it is empty. */
  readonly text: string;
  readonly children: ReactNode;
}

/** Renders the same elements with and without text: another tree would replace a field while the user types. */
export function Tooltip({ text, children }: TooltipProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Radix.Root open={isOpen && text !== ''} onOpenChange={setIsOpen}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.tooltip} sideOffset={6} collisionPadding={8}>
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function TooltipProvider({ children }: { readonly children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={300} skipDelayDuration={200}>
      {children}
    </Radix.Provider>
  );
}
