import { Boxes, FolderPlus } from 'lucide-react';
import { useState } from 'react';
import type { ModelEntry } from '../../../shared/models';
import { requestLimits } from '../../../shared/request';
import { formatBytes } from '../../app/format';
import { goTo } from '../../app/navigation';
import { useSlice } from '../../app/projection';
import { useModelChoice } from '../../app/model-choice';
import { send } from '../../app/send';
import { copy } from '../../copy/en';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { Empty } from '../../ui/Empty';
import { ErrorNote } from '../../ui/ErrorNote';
import page from '../../ui/page.module.css';
import styles from './ModelsPage.module.css';

const words = copy.models;
const LINKS = ['model2b', 'model5b', 'model15'] as const;

export function ModelsPage() {
  const models = useSlice('models');
  const add = (): void => void send(window.splitreel.addModelFolder());
  return (
    <main className={page.page}>
      <header className={page.head}>
        <h1 className={page.title}>{words.title}</h1>
        <span className={page.quiet}>{words.addHint}</span>
        <span className={page.space} />
        <Button onClick={add}>
          <FolderPlus size={16} aria-hidden />
          {words.add}
        </Button>
      </header>
      {models.length === 0 && (
        <Empty icon={Boxes} title={words.emptyTitle} text={words.empty}>
          <Button look="primary" onClick={add}>
            {words.add}
          </Button>
        </Empty>
      )}
      <ul>
        {models.map((model) => (
          <ModelRow key={model.id} model={model} />
        ))}
      </ul>
      <section className={page.section}>
        <h2>{words.where}</h2>
        <div className={page.row}>
          {LINKS.map((link) => (
            <Button key={link} onClick={() => void send(window.splitreel.openLink({ link }))}>
              {words.links[link]}
            </Button>
          ))}
        </div>
      </section>
    </main>
  );
}

function factsOf(model: ModelEntry): string {
  const facts: string[] = [];
  if (model.state.status === 'ready') {
    const { shape } = model.state;
    facts.push(
      words.tasks[shape.task],
      words.upTo(shape.sampleWidth, shape.sampleHeight, requestLimits(shape).maxFrames),
      words.shape(shape.heads, shape.blocks),
    );
  }
  if (model.sizeBytes !== null) facts.push(formatBytes(model.sizeBytes));
  return facts.join(', ');
}

function ModelRow({ model }: { readonly model: ModelEntry }) {
  const [isAsking, setIsAsking] = useState(false);
  const { status } = model.state;
  return (
    <li className={styles.model}>
      <div className={styles.text}>
        <h2>
          {model.name}{' '}
          <span className={styles.state} data-status={status}>
            {words.states[status]}
          </span>
        </h2>
        <p>{model.description}</p>
        <p className={page.quiet}>{factsOf(model)}</p>
        {model.path !== null && <p className={`${page.quiet ?? ''} ${styles.path ?? ''}`}>{model.path}</p>}
        {model.state.status === 'broken' && <ErrorNote error={model.state.error} />}
      </div>
      <div className={page.row}>
        {status === 'ready' && (
          <Button
            onClick={() => {
              useModelChoice.setState({ wantedId: model.id });
              goTo('create');
            }}
          >
            {words.use}
          </Button>
        )}
        {status !== 'checking' && (
          <Button look="plain" onClick={() => void send(window.splitreel.recheckModel({ modelId: model.id }))}>
            {words.recheck}
          </Button>
        )}
        {model.source === 'folder' && (
          <Button look="plain" onClick={() => setIsAsking(true)}>
            {words.forget}
          </Button>
        )}
      </div>
      {isAsking && (
        <Confirm
          title={words.forgetTitle}
          text={words.forgetText}
          yes={words.forget}
          onYes={() => void send(window.splitreel.forgetModel({ modelId: model.id }))}
          onClose={() => setIsAsking(false)}
        />
      )}
    </li>
  );
}
