import { Tooltip as Radix } from 'radix-ui';
import { useRef, useState, type ReactNode } from 'react';
import styles from './controls.module.css';

interface TooltipProps {
  /** Nothing is shown if it is empty. */
  readonly text: string;
  readonly children: ReactNode;
}

/** A dialog or the player in full screen covers the rest, and screen readers expect everything in a landmark. */
const containerOf = (element: Element | null): Element | null =>
  document.fullscreenElement ?? element?.closest('dialog, main, aside, header') ?? null;

/** Renders the same elements with and without text: another tree would replace a field while the user types. */
export function Tooltip({ text, children }: TooltipProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [container, setContainer] = useState<Element | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const onOpenChange = (opens: boolean): void => {
    if (opens) setContainer(containerOf(trigger.current));
    setIsOpen(opens);
  };
  return (
    <Radix.Root open={isOpen && text !== ''} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild ref={trigger}>
        {children}
      </Radix.Trigger>
      <Radix.Portal container={container}>
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
