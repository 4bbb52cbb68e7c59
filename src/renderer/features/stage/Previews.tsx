import type { Job } from '../../../shared/job';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy/en';
import { gridColumns } from './grid';
import styles from './Stage.module.css';

/** The unfinished videos of a job. Until the first preview there is a sentence about when it appears. */
export function Previews({ job }: { readonly job: Job }) {
  const progress = useSlice('progress');
  const videos = progress?.jobId === job.id ? progress.videos : [];
  const shown = videos.flatMap(({ previewUrl, previewStep }, index) =>
    previewUrl === null ? [] : [{ index, previewUrl, previewStep }],
  );
  if (shown.length === 0) return <p className={styles.wait}>{copy.stage.waitingPreview}</p>;
  const { width, height } = job.request;
  return (
    <div
      className={styles.grid}
      style={{ '--columns': String(gridColumns(shown.length)), '--ratio': String(width / height) }}
    >
      {shown.map(({ index, previewUrl, previewStep }) => (
        <figure key={index} className={styles.cell}>
          <div className={styles.cellFrame}>
            <img src={previewUrl} alt={copy.stage.previewAlt} />
          </div>
          {previewStep !== null && <figcaption>{copy.stage.preview(previewStep)}</figcaption>}
        </figure>
      ))}
    </div>
  );
}
