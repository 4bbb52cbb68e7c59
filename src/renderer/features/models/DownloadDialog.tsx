import { useEffect, useState } from 'react';
import type { DownloadOffer } from '../../../shared/download';
import type { AppError } from '../../../shared/errors';
import type { ModelEntry } from '../../../shared/models';
import { formatBytes, formatDownloadTime, formatList } from '../../../shared/format';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/ErrorNote';
import page from '../../ui/page.module.css';

const strings = copy.models;

type Answer = { readonly offer: DownloadOffer } | { readonly error: AppError } | null;

/** Shows size, time and disk space before a download starts. */
export function DownloadDialog({ model, onClose }: { readonly model: ModelEntry; readonly onClose: () => void }) {
  const [answer, setAnswer] = useState<Answer>(null);
  const [tries, setTries] = useState(0);
  const { id: modelId } = model;
  useEffect(() => {
    let isCurrent = true;
    void window.splitreel.inspectDownload({ modelId }).then((result) => {
      if (isCurrent) setAnswer(result.ok ? { offer: result.value } : { error: result.error });
    });
    return () => {
      isCurrent = false;
    };
  }, [modelId, tries]);
  const offer = answer !== null && 'offer' in answer ? answer.offer : null;
  const fits = offer !== null && offer.totalBytes - offer.doneBytes <= offer.freeBytes;
  const start = (): void => {
    onClose();
    void send(window.splitreel.downloadModel({ modelId }));
  };
  return (
    <Dialog
      title={strings.downloadTitle({ name: model.name })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{copy.app.cancel}</Button>
          {answer !== null && 'error' in answer ? (
            <Button look="primary" onClick={() => setTries(tries + 1)}>
              {copy.errors.retry}
            </Button>
          ) : (
            <Button look="primary" disabled={!fits} onClick={start}>
              {strings.start}
            </Button>
          )}
        </>
      }
    >
      {answer === null && <p role="status">{strings.asking}</p>}
      {answer !== null && 'error' in answer && <ErrorNote error={answer.error} />}
      {offer !== null && (
        <>
          <dl className={page.facts}>
            <dt>{strings.facts.size}</dt>
            <dd>
              {formatList([
                strings.takes({ size: formatBytes(offer.totalBytes), files: offer.fileCount }),
                ...(offer.doneBytes > 0 ? [strings.alreadyHere({ size: formatBytes(offer.doneBytes) })] : []),
              ])}
            </dd>
            <dt>{strings.facts.time}</dt>
            <dd>{copy.app.atSpeed({ time: formatDownloadTime(offer.totalBytes - offer.doneBytes) })}</dd>
            <dt>{strings.facts.disk}</dt>
            <dd>{strings.free({ size: formatBytes(offer.freeBytes) })}</dd>
            <dt>{strings.facts.folder}</dt>
            <dd>{offer.folder}</dd>
            <dt>{strings.facts.license}</dt>
            <dd>{model.offer?.license.name ?? ''}</dd>
          </dl>
          {!fits && <p role="alert">{strings.tooLittle}</p>}
        </>
      )}
    </Dialog>
  );
}
