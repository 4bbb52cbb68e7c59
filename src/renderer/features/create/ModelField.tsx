import { useState } from 'react';
import type { ModelEntry } from '../../../shared/models';
import { goTo } from '../../state/navigation';
import { copy } from '../../copy';
import { modelDescription } from '../../copy/facts';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import { SelectField, type Choice } from '../../ui/fields';
import { DownloadDialog } from '../models';
import styles from './CreatePage.module.css';
import { modelName, type CreateForm } from './use-create';

/** Usable models, unusable ones with a reason worth showing, and always the draft's model. */
function choicesOf({ models, model, draft }: CreateForm): Choice<string>[] {
  const { modelId } = draft.request;
  const listed = models
    .filter(({ id, state }) => state.status !== 'absent' || id === modelId)
    .map(({ id, name, state }) => ({ value: id, label: name, isDisabled: state.status !== 'ready' }));
  if (model !== null) return listed;
  return [
    { value: modelId, label: copy.create.missingModelOption({ name: modelName(modelId) }), isDisabled: true },
    ...listed,
  ];
}

export function ModelField({ form }: { readonly form: CreateForm }) {
  const { model, models, draft } = form;
  return (
    <section className={styles.group}>
      <SelectField
        label={copy.create.model}
        value={draft.request.modelId}
        choices={choicesOf(form)}
        hint={model === null ? undefined : modelDescription(model.description)}
        onChange={(id) => {
          const chosen = models.find((entry) => entry.id === id);
          if (chosen !== undefined) form.setModel(chosen);
        }}
      />
      {model?.source === 'builtin' && (
        <Button size="small" look="plain" className={styles.link} onClick={() => goTo('models')}>
          {copy.create.realModels}
        </Button>
      )}
      {model === null ? <UnknownModel modelId={draft.request.modelId} /> : <ModelState model={model} />}
    </section>
  );
}

function UnknownModel({ modelId }: { readonly modelId: string }) {
  return (
    <>
      <p className={styles.quiet} title={modelId}>
        {copy.create.modelMissing({ name: modelName(modelId) })}
      </p>
      <Button size="small" className={styles.start} onClick={() => goTo('models')}>
        {copy.stage.addModel}
      </Button>
    </>
  );
}

function ModelState({ model }: { readonly model: ModelEntry }) {
  const [isAsking, setIsAsking] = useState(false);
  switch (model.state.status) {
    case 'broken':
      return <ErrorNote error={model.state.error} />;
    case 'checking':
      return <p className={styles.quiet}>{copy.create.modelChecking}</p>;
    case 'absent':
      return (
        <>
          <p className={styles.quiet}>{copy.create.modelAbsent}</p>
          {model.offer !== null && (
            <Button size="small" className={styles.start} onClick={() => setIsAsking(true)}>
              {copy.models.download}
            </Button>
          )}
          {isAsking && <DownloadDialog model={model} onClose={() => setIsAsking(false)} />}
        </>
      );
    case 'ready':
      return null;
  }
}
