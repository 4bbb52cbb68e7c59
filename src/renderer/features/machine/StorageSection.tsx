import { useState } from 'react';
import type { LocationName, Storage, StorageItem } from '../../../shared/storage';
import { formatBytes, formatPair } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { Meter } from '../../ui/Meter';
import page from '../../ui/page.module.css';
import styles from './MachinePage.module.css';

const strings = copy.machine.storage;

/** What Splitreel stores on the disk, with folders and sizes, to move or remove it. */
export function StorageSection() {
  const { locations, items, moving } = useSlice('storage');
  return (
    <section className={page.section} aria-labelledby="storage-title">
      <div className={page.sectionHead}>
        <h2 id="storage-title">{strings.title}</h2>
        <span className={page.space} />
        <Button size="small" onClick={() => void send(window.splitreel.measureStorage())}>
          {strings.measure}
        </Button>
      </div>
      {moving !== null && <Moving moving={moving} />}
      {items !== null && (
        <ul className={styles.findings}>
          {items.map((item) => (
            <ItemRow key={item.id} item={item} />
          ))}
        </ul>
      )}
      {locations.map(({ name, folder, freeBytes, isDefault }) => (
        <div key={name} className={page.row}>
          <span className={styles.findingText}>
            <strong>{strings.locations[name]}</strong>{' '}
            <span className={page.quiet}>{strings.location({ folder, free: formatBytes(freeBytes) })}</span>
          </span>
          <MoveButton name={name} toDefault={false} isDisabled={moving !== null} />
          {!isDefault && <MoveButton name={name} toDefault isDisabled={moving !== null} />}
        </div>
      ))}
    </section>
  );
}

interface MoveButtonProps {
  readonly name: LocationName;
  readonly toDefault: boolean;
  readonly isDisabled: boolean;
}

const MoveButton = ({ name, toDefault, isDisabled }: MoveButtonProps) => (
  <Button
    size="small"
    disabled={isDisabled}
    aria-label={formatPair(toDefault ? strings.moveBack : strings.move, strings.locations[name])}
    onClick={() => void send(window.splitreel.moveStorage({ name, toDefault }))}
  >
    {toDefault ? strings.moveBack : strings.move}
  </Button>
);

function Moving({ moving }: { readonly moving: NonNullable<Storage['moving']> }) {
  const { name, copiedBytes, totalBytes } = moving;
  return (
    <div className={page.narrow}>
      <Meter label={strings.moving({ name })} value={totalBytes === 0 ? 0 : copiedBytes / totalBytes} />
      <div className={page.row}>
        <span className={page.quiet}>
          {strings.moved({ done: formatBytes(copiedBytes), all: formatBytes(totalBytes) })}
        </span>
        <Button size="small" onClick={() => void send(window.splitreel.cancelMove())}>
          {strings.cancelMove}
        </Button>
      </div>
    </div>
  );
}

function ItemRow({ item }: { readonly item: StorageItem }) {
  const [isAsking, setIsAsking] = useState(false);
  const { id, kind, name, folder, bytes, ownBytes, canRemove } = item;
  const title = strings.item({ kind, name });
  const size =
    ownBytes === bytes ? formatBytes(bytes) : strings.shared({ all: formatBytes(bytes), own: formatBytes(ownBytes) });
  return (
    <li className={styles.finding}>
      <span className={styles.findingText}>
        <strong>{title}</strong> {size} <span className={page.quiet}>{folder}</span>
      </span>
      {canRemove && (
        <Button size="small" look="danger" aria-label={strings.removeItem({ title })} onClick={() => setIsAsking(true)}>
          {strings.remove}
        </Button>
      )}
      {isAsking && (
        <Confirm
          title={strings.removeTitle({ title })}
          text={
            kind === 'firstFrames'
              ? strings.removeFirstFrames({ size: formatBytes(ownBytes) })
              : strings.removeText({ folder, size: formatBytes(ownBytes) })
          }
          yes={strings.remove}
          onYes={() => void send(window.splitreel.removeStorage({ id }))}
          onClose={() => setIsAsking(false)}
        />
      )}
    </li>
  );
}
