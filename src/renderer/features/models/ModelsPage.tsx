import { Boxes, FolderPlus } from 'lucide-react';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Empty } from '../../ui/Empty';
import page from '../../ui/page.module.css';
import { SpeedLimit } from './HubSettings';
import { ModelCard } from './ModelCard';
import styles from './ModelsPage.module.css';

const strings = copy.models;

export function ModelsPage() {
  const models = useSlice('models');
  const downloads = useSlice('downloads');
  const downloadOf = (modelId: string) => downloads.find((download) => download.modelId === modelId);
  const isHere = (id: string, status: string): boolean => status !== 'absent' || downloadOf(id) !== undefined;
  const here = models.filter(({ id, state }) => isHere(id, state.status));
  const toFetch = models.filter(({ id, state, offer }) => offer !== null && !isHere(id, state.status));
  const add = (): void => void send(window.splitreel.addModelFolder());
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{strings.title}</h1>
        <span className={page.space} />
        <Button onClick={add} title={strings.addHint}>
          <FolderPlus size={16} aria-hidden />
          {strings.add}
        </Button>
      </header>
      {models.length === 0 && (
        <Empty icon={Boxes} title={strings.emptyTitle} text={strings.empty}>
          <Button look="primary" onClick={add}>
            {strings.add}
          </Button>
        </Empty>
      )}
      {here.length > 0 && (
        <section className={styles.group} aria-label={strings.here}>
          <div className={styles.groupHead}>
            <h2 className={styles.groupTitle}>{strings.here}</h2>
            {downloads.length > 0 && <SpeedLimit />}
          </div>
          <ul>
            {here.map((model) => (
              <ModelCard key={model.id} model={model} download={downloadOf(model.id)} />
            ))}
          </ul>
        </section>
      )}
      {toFetch.length > 0 && (
        <section className={styles.group} aria-label={strings.catalog}>
          <h2 className={styles.groupTitle}>{strings.catalog}</h2>
          <ul>
            {toFetch.map((model) => (
              <ModelCard key={model.id} model={model} download={undefined} />
            ))}
          </ul>
        </section>
      )}
    </main>
  );
}
