import type { CatalogEntry } from '../../../shared/catalog';
import type { Download } from '../../../shared/download';
import type { ModelEntry } from '../../../shared/models';
import { requestLimits } from '../../../shared/request';
import { formatBytes, formatList } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { modelDescription } from '../../copy/facts';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import { ContextMenu } from '../../ui/Menu';
import { Meter } from '../../ui/Meter';
import page from '../../ui/page.module.css';
import { DownloadProgress } from './DownloadProgress';
import { fitsOf } from './fit';
import { menuEntries, ModelButtons, useModelActions } from './model-actions';
import styles from './ModelsPage.module.css';

const strings = copy.models;

interface CardProps {
  readonly model: ModelEntry;
  readonly download: Download | undefined;
}

type Status = keyof typeof strings.states;

/** Its most important state. */
function statusOf({ model, download }: CardProps): Status {
  if (download !== undefined) {
    if (download.state.status !== 'running') return download.state.status;
    return download.isRepair ? 'repairing' : 'downloading';
  }
  if ((model.files?.verifying ?? null) !== null) return 'verifying';
  return model.state.status;
}

/** Its capabilities, requirements and license: from its own configs once downloaded, until then from the catalog. */
function factsOf({ state, offer, sizeBytes }: ModelEntry): string {
  const facts: string[] = [];
  if (state.status === 'ready') {
    const { shape } = state;
    facts.push(strings.tasks[shape.task]);
    facts.push(
      strings.upTo({ width: shape.sampleWidth, height: shape.sampleHeight, frames: requestLimits(shape).maxFrames }),
    );
    facts.push(strings.shape({ heads: shape.heads, blocks: shape.blocks }));
  } else if (offer !== null) {
    facts.push(strings.tasks[offer.task]);
    if (offer.video !== null)
      facts.push(strings.madeFor({ width: offer.video.width, height: offer.video.height, frames: offer.video.frames }));
  }
  const memory = offer?.memory ?? null;
  if (memory !== null) facts.push(strings.memory({ low: memory.offloadedGb, high: memory.wholeGb }));
  if (sizeBytes !== null) facts.push(formatBytes(sizeBytes));
  else if (offer !== null && offer.downloadGb !== null) facts.push(strings.atLeast({ gb: offer.downloadGb }));
  return formatList(facts);
}

function verifiedText({ files }: ModelEntry): string {
  if (files === null || files.location === 'app') return '';
  if (files.verified === null) return strings.notVerified;
  const { fileCount, known } = files.verified;
  return known === fileCount ? strings.verified({ files: fileCount }) : strings.hashed({ files: fileCount });
}

export function ModelCard({ model, download }: CardProps) {
  const status = statusOf({ model, download });
  const { offer, files } = model;
  const { actions, dialog } = useModelActions(model, download !== undefined || status === 'verifying');
  const verifying = files?.verifying ?? null;
  const about = [files === null ? '' : strings.locations[files.location], verifiedText(model)].filter(
    (text) => text !== '',
  );
  return (
    <ContextMenu label={strings.menu} entries={() => menuEntries(actions)}>
      <li className={styles.model} aria-label={model.name}>
        <div className={styles.text}>
          <h3 className={styles.name}>
            {model.name}{' '}
            {status !== 'absent' && (
              <span className={styles.state} data-status={status}>
                {strings.states[status]}
              </span>
            )}
          </h3>
          {model.description !== '' && <p>{modelDescription(model.description)}</p>}
          <p className={page.quiet}>{factsOf(model)}</p>
          {offer !== null && status === 'absent' && <FitLine offer={offer} />}
          {offer !== null && (
            <p className={page.quiet}>
              {offer.license.isOpen
                ? strings.license({ name: offer.license.name })
                : strings.licenseLimited({ name: offer.license.name })}
            </p>
          )}
          {about.length > 0 && <p className={page.quiet}>{formatList(about)}</p>}
          {model.path !== null && files?.location !== 'app' && (
            <p className={`${page.quiet ?? ''} ${styles.path ?? ''}`}>{model.path}</p>
          )}
          {verifying !== null && <Verifying {...verifying} />}
          {download !== undefined && <DownloadProgress download={download} />}
          {download === undefined && model.state.status === 'broken' && (
            <Broken model={model} error={model.state.error} />
          )}
        </div>
        <ModelButtons actions={actions} />
        {dialog}
      </li>
    </ContextMenu>
  );
}

function FitLine({ offer }: { readonly offer: CatalogEntry }) {
  const machine = useSlice('machine');
  const { freeBytes } = useSlice('hub');
  const fits = fitsOf(offer, machine, freeBytes);
  if (fits.length === 0) return null;
  return (
    <p className={page.quiet}>
      {fits.map(({ text, isRight }) => (
        <span key={text} className={isRight ? undefined : styles.short}>
          {text}{' '}
        </span>
      ))}
    </p>
  );
}

function Verifying({ doneBytes, totalBytes }: { readonly doneBytes: number; readonly totalBytes: number }) {
  return (
    <div className={styles.progress}>
      <Meter label={strings.states.verifying} value={totalBytes === 0 ? 0 : doneBytes / totalBytes} />
      <p className={styles.figures}>
        {strings.verifyProgress({ done: formatBytes(doneBytes), total: formatBytes(totalBytes) })}
      </p>
    </div>
  );
}

function Broken({
  model,
  error,
}: {
  readonly model: ModelEntry;
  readonly error: Extract<ModelEntry['state'], { status: 'broken' }>['error'];
}) {
  const repository = model.files?.repairFrom ?? null;
  return (
    <ErrorNote error={error}>
      {repository !== null && (
        <>
          <p className={page.quiet}>{strings.repairFrom({ repository })}</p>
          <Button size="small" onClick={() => void send(window.splitreel.downloadModel({ modelId: model.id }))}>
            {strings.repair}
          </Button>
        </>
      )}
    </ErrorNote>
  );
}
