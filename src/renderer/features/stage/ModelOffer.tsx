import { useState } from 'react';
import { formatBytes } from '../../../shared/format';
import { copy } from '../../copy';
import { bestModel } from '../../state/best-model';
import { useSlice } from '../../state/projection';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import { DownloadDialog } from '../models';

/** With GPUs, offers the full-size model that suits them, in addition to the demo model. */
export function ModelOffer() {
  const [isAsking, setIsAsking] = useState(false);
  const { gpus } = useSlice('machine');
  const model = bestModel(
    useSlice('models'),
    gpus,
    useSlice('downloads').map(({ modelId }) => modelId),
  );
  const [smallest] = [...gpus].sort((a, b) => a.memoryTotalBytes - b.memoryTotalBytes);
  if (model === null || smallest === undefined) return null;
  return (
    <>
      <p className={page.quiet}>
        {copy.stage.modelFits({ model: model.name, gpu: smallest.name, size: formatBytes(smallest.memoryTotalBytes) })}
      </p>
      <Button onClick={() => setIsAsking(true)}>{copy.stage.getModel({ model: model.name })}</Button>
      {isAsking && <DownloadDialog model={model} onClose={() => setIsAsking(false)} />}
    </>
  );
}
