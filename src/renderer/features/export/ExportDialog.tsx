/** Exports a copy of a video: its format, frame rate and size, then the progress. */
import { useState } from 'react';
import {
  EXPORT_FORMATS,
  EXPORT_RATES,
  EXPORT_SCALES,
  type ExportFormat,
  type ExportRequest,
  type ExportState,
} from '../../../shared/export';
import type { LibraryVideo } from '../../../shared/library';
import { copy } from '../../copy';
import { useSlice } from '../../state/projection';
import { send, showToast } from '../../state/send';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { NumberField, SelectField, type Choice } from '../../ui/fields';
import { Meter } from '../../ui/Meter';
import styles from './Export.module.css';

const strings = copy.export;

interface ExportDialogProps {
  /** One video, or several exported in the same format. */
  readonly videos: readonly LibraryVideo[];
  readonly onClose: () => void;
}

export function ExportDialog({ videos, onClose }: ExportDialogProps) {
  const [request, setRequest] = useState<ExportRequest>({ format: 'h264', fps: null, scale: 1, frame: null });
  const [isRunning, setIsRunning] = useState(false);
  const ids = videos.map(({ id }) => id);
  const running = useSlice('exports').find(
    ({ videoId, videoCount }) => videoCount === ids.length && ids.includes(videoId),
  );
  const lastFrame = lastFrameOf(videos);
  const isPossible = request.frame === null || (request.frame >= 0 && request.frame <= lastFrame);
  const start = async (): Promise<void> => {
    setIsRunning(true);
    const saved = await exportTo(ids, request);
    setIsRunning(false);
    if (saved === null) return;
    showToast(saved);
    onClose();
  };
  const leave = (): void => {
    if (running !== undefined) void send(window.splitreel.cancelExport({ exportId: running.id }));
    onClose();
  };
  return (
    <Dialog
      title={videos.length === 1 ? strings.title : strings.titleForMany({ count: videos.length })}
      onClose={leave}
      actions={
        <>
          <Button onClick={leave}>{copy.app.cancel}</Button>
          <Button look="primary" disabled={isRunning || !isPossible} onClick={() => void start()}>
            {strings.start}
          </Button>
        </>
      }
    >
      <div className={styles.fields} inert={isRunning}>
        <Fields videos={videos} request={request} onChange={setRequest} />
      </div>
      {running !== undefined && <Progress running={running} />}
    </Dialog>
  );
}

/** What to show at the end; null if nothing was exported. */
async function exportTo(ids: readonly string[], request: ExportRequest): Promise<string | null> {
  const [videoId = '', ...others] = ids;
  if (others.length === 0) {
    const path = await send(window.splitreel.exportVideo({ videoId, request }));
    return path === null ? null : copy.errors.saved({ path });
  }
  const made = await send(window.splitreel.exportVideos({ videoIds: [...ids], request }));
  return made === null ? null : strings.savedMany(made);
}

/** Of the shortest video. */
const lastFrameOf = (videos: readonly LibraryVideo[]): number =>
  Math.min(...videos.map(({ metadata }) => metadata.request.numFrames)) - 1;

interface FieldsProps {
  readonly videos: readonly LibraryVideo[];
  readonly request: ExportRequest;
  readonly onChange: (request: ExportRequest) => void;
}

function Fields({ videos, request, onChange }: FieldsProps) {
  const [first, ...others] = videos.map(({ metadata }) => metadata.request);
  if (first === undefined) return null;
  const { fps, width, height } = first;
  const isSameRate = others.every((other) => other.fps === fps);
  const isSameSize = others.every((other) => other.width === width && other.height === height);
  const lastFrame = lastFrameOf(videos);
  const isStill = request.format === 'frame';
  const rates: Choice<string>[] = [
    { value: '', label: isSameRate ? strings.ownRate({ fps }) : strings.ownRates },
    ...EXPORT_RATES.filter((rate) => rate > fps).map((rate) => ({
      value: String(rate),
      label: strings.rate({ fps: rate }),
    })),
  ];
  const isProcessed = request.fps !== null || request.scale > 1;
  return (
    <>
      <SelectField
        label={strings.format}
        value={request.format}
        choices={EXPORT_FORMATS.map((value) => ({ value, label: strings.formats[value] }))}
        hint={strings.formatHints[request.format]}
        onChange={(format) => onChange({ ...request, ...formatDefaults(format) })}
      />
      {isStill ? (
        <NumberField
          label={strings.frame}
          value={(request.frame ?? 0) + 1}
          min={1}
          max={lastFrame + 1}
          problem={(request.frame ?? 0) > lastFrame ? strings.frameRange({ count: lastFrame + 1 }) : undefined}
          onChange={(number) => onChange({ ...request, frame: Math.max(0, Math.round(number) - 1) })}
        />
      ) : (
        <SelectField
          label={strings.motion}
          value={request.fps === null ? '' : String(request.fps)}
          choices={rates}
          onChange={(rate) => onChange({ ...request, fps: rate === '' ? null : Number(rate) })}
        />
      )}
      <SelectField
        label={strings.size}
        value={String(request.scale)}
        choices={EXPORT_SCALES.map((scale) => ({
          value: String(scale),
          label: isSameSize
            ? strings.sizes({ width: width * scale, height: height * scale, scale })
            : strings.scales({ scale }),
        }))}
        hint={isProcessed ? strings.processed : undefined}
        onChange={(scale) => onChange({ ...request, scale: Number(scale) })}
      />
    </>
  );
}

const formatDefaults = (format: ExportFormat): Pick<ExportRequest, 'format' | 'fps' | 'frame'> =>
  format === 'frame' ? { format, fps: null, frame: 0 } : { format, fps: null, frame: null };

function Progress({ running: { videoIndex, videoCount, done, total } }: { readonly running: ExportState }) {
  return (
    <div className={styles.progress}>
      <Meter label={strings.progress} value={(videoIndex + (total === 0 ? 0 : done / total)) / videoCount} />
      {videoCount > 1 && (
        <span className={styles.count}>{strings.video({ index: videoIndex + 1, count: videoCount })}</span>
      )}
      <span className={styles.count}>{total === 0 ? strings.opening : strings.frames({ done, total })}</span>
    </div>
  );
}
