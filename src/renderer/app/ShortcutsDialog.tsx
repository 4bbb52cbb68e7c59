import { hideHelp } from '../state/navigation';
import { copy } from '../copy';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import styles from './ShortcutsDialog.module.css';

export function ShortcutsDialog() {
  return (
    <Dialog
      title={copy.shortcuts.title}
      width="columns"
      onClose={hideHelp}
      actions={<Button onClick={hideHelp}>{copy.app.close}</Button>}
    >
      <div className={styles.groups}>
        {copy.shortcuts.groups.map(({ title, keys }) => (
          <section key={title} className={styles.group}>
            <h3 className={styles.title}>{title}</h3>
            <dl className={styles.keys}>
              {keys.flatMap(([key, meaning]) => [
                <dt key={key}>
                  <kbd>{key}</kbd>
                </dt>,
                <dd key={meaning}>{meaning}</dd>,
              ])}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
