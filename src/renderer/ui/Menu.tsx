/**
 * Menus from a list of entries: the context menu of an element, and the same entries behind a button. Drawn by the page
 * rather than the system, so that they follow the theme, show shortcuts, work with screen readers on every desktop, and
 * never put the page's text into a system menu. Text fields have the system's menu (src/main/window/context-menu.ts).
 */
import { Check } from 'lucide-react';
import { ContextMenu as RadixContext, DropdownMenu as RadixDropdown } from 'radix-ui';
import { Fragment, useState, type ReactNode } from 'react';
import { classes } from './classes';
import styles from './menu.module.css';

interface Labeled {
  readonly label: string;
  /** The keys that do the same. */
  readonly keys?: string;
}

export type MenuEntry =
  | (Labeled & {
      readonly kind: 'item';
      readonly isDanger?: boolean;
      readonly isDisabled?: boolean;
      readonly run: () => void;
    })
  | (Labeled & { readonly kind: 'check'; readonly isChecked: boolean; readonly run: () => void })
  | { readonly kind: 'menu'; readonly label: string; readonly entries: readonly MenuEntry[] }
  | { readonly kind: 'line' };

interface MenuProps {
  /** Called each time the menu opens. */
  readonly entries: () => readonly MenuEntry[];
  readonly label: string;
  readonly children: ReactNode;
}

/** Menus are rendered inside the page's landmark, so that screen readers find them there. */
function useContainer() {
  const [container, setContainer] = useState<HTMLElement | null>(null);
  return {
    container,
    onOpenChange: (isOpen: boolean): void => {
      if (isOpen) setContainer(document.querySelector('main'));
    },
  };
}

/** Opened by a right click, the Menu key or Shift+F10 on the child, which must accept a ref. */
export function ContextMenu({ entries, label, children }: MenuProps) {
  const { container, onOpenChange } = useContainer();
  return (
    // Not modal: a modal menu injects a style, which the content security policy refuses.
    <RadixContext.Root modal={false} onOpenChange={onOpenChange}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal container={container}>
        <RadixContext.Content className={styles.menu} aria-label={label} collisionPadding={8}>
          <Entries parts={RadixContext} container={container} entries={entries} />
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}

/** Opened by a click on the child. */
export function ButtonMenu({ entries, label, children }: MenuProps) {
  const { container, onOpenChange } = useContainer();
  return (
    <RadixDropdown.Root modal={false} onOpenChange={onOpenChange}>
      <RadixDropdown.Trigger asChild>{children}</RadixDropdown.Trigger>
      <RadixDropdown.Portal container={container}>
        <RadixDropdown.Content
          className={styles.menu}
          aria-label={label}
          // The button's name, which Radix would use, is short: "More".
          aria-labelledby={undefined}
          align="end"
          sideOffset={4}
          collisionPadding={8}
        >
          <Entries parts={RadixDropdown} container={container} entries={entries} />
        </RadixDropdown.Content>
      </RadixDropdown.Portal>
    </RadixDropdown.Root>
  );
}

interface EntriesProps {
  readonly parts: typeof RadixContext | typeof RadixDropdown;
  readonly container: HTMLElement | null;
  readonly entries: () => readonly MenuEntry[];
}

/** Mounted only while the menu is open, so that `entries` doesn't run for each card. */
function Entries({ entries, ...props }: EntriesProps) {
  return entries().map((entry, index) => (
    <Fragment key={entry.kind === 'line' ? `line ${String(index)}` : entry.label}>
      <Entry {...props} entry={entry} />
    </Fragment>
  ));
}

interface EntryProps extends Pick<EntriesProps, 'parts' | 'container'> {
  readonly entry: MenuEntry;
}

function Entry({ parts, container, entry }: EntryProps) {
  switch (entry.kind) {
    case 'line':
      return <parts.Separator className={styles.line} />;
    case 'menu':
      return (
        <parts.Sub>
          <parts.SubTrigger className={classes(styles.item, styles.entry)}>
            {entry.label}
            <span className={styles.keys} aria-hidden>
              ›
            </span>
          </parts.SubTrigger>
          <parts.Portal container={container}>
            <parts.SubContent className={styles.menu} collisionPadding={8} sideOffset={2}>
              <Entries parts={parts} container={container} entries={() => entry.entries} />
            </parts.SubContent>
          </parts.Portal>
        </parts.Sub>
      );
    case 'check':
      return (
        <parts.CheckboxItem
          className={classes(styles.item, styles.entry)}
          checked={entry.isChecked}
          onSelect={entry.run}
        >
          {entry.label}
          {entry.isChecked && <Check size={14} aria-hidden />}
          <Keys keys={entry.keys} />
        </parts.CheckboxItem>
      );
    case 'item':
      return (
        <parts.Item
          className={classes(styles.item, styles.entry, entry.isDanger === true && styles.danger)}
          disabled={entry.isDisabled === true}
          onSelect={entry.run}
        >
          {entry.label}
          <Keys keys={entry.keys} />
        </parts.Item>
      );
  }
}

const Keys = ({ keys }: { readonly keys: string | undefined }) =>
  keys === undefined ? null : (
    <kbd className={styles.keys} aria-hidden>
      {keys}
    </kbd>
  );
