import { ArrowDown, ArrowUp, GripVertical, Pause, Play, RotateCcw, X } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import { formatList, formatPair } from '../../../shared/format';
import type { Job } from '../../../shared/job';
import { describeError } from '../../../shared/errors';
import { adoptVideo } from '../../state/adopt';
import { copyText } from '../../state/copy-text';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button, IconButton } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { ContextMenu, type MenuEntry } from '../../ui/Menu';
import { rovingTab } from '../../ui/use-roving';
import { VirtualGrid, type GridCell } from '../../ui/VirtualGrid';
import styles from './Progress.module.css';

const strings = copy.queue;
const ROW_HEIGHT = 44;
/** Wider than any window: the list has one column. */
const ONE_COLUMN = 100_000;

/** Waiting jobs in order, and jobs that ended without a video. Finished ones are in the library. */
export function QueueList() {
  const jobs = useSlice('jobs');
  const waiting = jobs.filter((job) => job.state.status === 'queued');
  const ended = jobs.filter((job) => ['failed', 'canceled', 'interrupted'].includes(job.state.status));
  const [draggedId, setDraggedId] = useState<string | null>(null);
  const { isPaused } = useSlice('queue');
  if (waiting.length + ended.length === 0 && !isPaused) return null;

  const clear = (jobs: readonly Job[]): void => {
    for (const { id } of jobs) void send(window.splitreel.removeJob({ jobId: id }));
  };

  const move = (jobId: string, toIndex: number): void => {
    if (toIndex >= 0 && toIndex < waiting.length) void send(window.splitreel.moveJob({ jobId, toIndex }));
  };

  return (
    <section className={classes(styles.panel, styles.queuePanel)} aria-label={strings.title}>
      <div className={styles.head}>
        <h2>{strings.title}</h2>
        <span className={styles.figures} title={waiting.length > 1 ? strings.reorderHint : undefined}>
          {queueText(waiting.length, isPaused)}
        </span>
        <PauseButton isPaused={isPaused} />
        {ended.length > 0 && (
          <Button size="small" look="plain" onClick={() => clear(ended)}>
            {strings.clearEnded}
          </Button>
        )}
      </div>
      {isPaused && <PausedNote />}
      <VirtualGrid
        className={styles.queue}
        label={strings.title}
        items={[...waiting, ...ended]}
        keyOf={(job) => job.id}
        minColumnWidth={ONE_COLUMN}
        gap={0}
        itemHeight={() => ROW_HEIGHT}
      >
        {(job, index, cell) =>
          index < waiting.length ? (
            <WaitingRow
              job={job}
              index={index}
              count={waiting.length}
              cell={cell}
              draggedId={draggedId}
              onDrag={setDraggedId}
              onMove={move}
            />
          ) : (
            <EndedRow job={job} cell={cell} />
          )
        }
      </VirtualGrid>
    </section>
  );
}

const queueText = (waiting: number, isPaused: boolean): string =>
  formatList([...(isPaused ? [strings.paused] : []), ...(waiting > 0 ? [strings.waiting({ count: waiting })] : [])]);

function PauseButton({ isPaused }: { readonly isPaused: boolean }) {
  return (
    <Button
      size="small"
      look="plain"
      className={styles.pause}
      onClick={() => void send(window.splitreel.pauseQueue({ isPaused: !isPaused }))}
    >
      {isPaused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
      {isPaused ? strings.resume : strings.pause}
    </Button>
  );
}

/** While no job can start, the model's memory can be freed for other programs. */
function PausedNote() {
  const { status } = useSlice('engine');
  return (
    <div className={styles.pausedNote}>
      <p className={styles.quiet}>{status === 'cold' ? strings.memoryFreed : strings.pausedNote}</p>
      {status === 'warm' && (
        <Button size="small" onClick={() => void send(window.splitreel.unloadEngine())}>
          {strings.freeMemory}
        </Button>
      )}
    </div>
  );
}

interface WaitingRowProps extends MoveTarget {
  readonly cell: GridCell;
  readonly draggedId: string | null;
  readonly onDrag: (jobId: string | null) => void;
}

function WaitingRow({ job, index, count, cell, draggedId, onDrag, onMove }: WaitingRowProps) {
  const [isTarget, setIsTarget] = useState(false);
  const tabIndex = rovingTab(cell['data-current'] === true);
  const canDrop = draggedId !== null && draggedId !== job.id;
  return (
    <ContextMenu label={strings.menu} entries={() => waitingEntries({ job, index, count, onMove })}>
      {/* Dragging is an alternative for pointer users: the buttons, and Alt with the arrow keys, do the same. */}
      {/* The row has the focus, because its buttons are disabled at the ends of the list. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <li
        {...cell}
        tabIndex={tabIndex}
        onKeyDown={(event) => {
          if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
            event.preventDefault();
            onMove(job.id, event.key === 'ArrowUp' ? index - 1 : index + 1);
          } else removeOnDelete(event, job);
        }}
        className={classes(
          styles.job,
          draggedId === job.id && styles.dragged,
          isTarget && canDrop && styles.dropTarget,
        )}
        draggable
        onDragStart={(event) => {
          event.dataTransfer.effectAllowed = 'move';
          event.dataTransfer.setData('text/plain', job.id);
          onDrag(job.id);
        }}
        onDragEnd={() => onDrag(null)}
        onDragOver={(event) => {
          if (!canDrop) return;
          event.preventDefault();
          setIsTarget(true);
        }}
        onDragLeave={() => setIsTarget(false)}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setIsTarget(false);
          if (canDrop) onMove(draggedId, index);
          onDrag(null);
        }}
      >
        <GripVertical size={14} className={styles.grip} aria-hidden />
        <JobText job={job} status={strings.position({ index: index + 1 })} />
        <MoveButtons job={job} index={index} count={count} onMove={onMove} tabIndex={tabIndex} />
        <RemoveButton job={job} tabIndex={tabIndex} />
      </li>
    </ContextMenu>
  );
}

function EndedRow({ job, cell }: { readonly job: Job; readonly cell: GridCell }) {
  const tabIndex = rovingTab(cell['data-current'] === true);
  return (
    <ContextMenu label={strings.menu} entries={() => endedEntries(job)}>
      {/* The row has the focus, as those above it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <li {...cell} className={styles.job} tabIndex={tabIndex} onKeyDown={(event) => removeOnDelete(event, job)}>
        <JobText job={job} status={endText(job)} isBad={job.state.status !== 'canceled'} />
        <IconButton
          size="small"
          label={strings.retry}
          tabIndex={tabIndex}
          onClick={() => void send(window.splitreel.retryJob({ jobId: job.id }))}
        >
          <RotateCcw size={14} aria-hidden />
        </IconButton>
        <RemoveButton job={job} tabIndex={tabIndex} />
      </li>
    </ContextMenu>
  );
}

const removeJob = ({ id }: Job): void => void send(window.splitreel.removeJob({ jobId: id }));

function removeOnDelete(event: KeyboardEvent, job: Job): void {
  if (event.key !== 'Delete' || event.repeat) return;
  event.preventDefault();
  removeJob(job);
}

const requestEntries = ({ request, plan }: Job): readonly MenuEntry[] => [
  { kind: 'item', label: copy.videos.useSettings, run: () => adoptVideo({ request, plan }) },
  { kind: 'item', label: copy.videos.copyPrompt, run: () => copyText(request.prompt) },
];

const waitingEntries = ({ job, index, count, onMove }: MoveTarget): readonly MenuEntry[] => [
  { kind: 'item', label: strings.first, isDisabled: index === 0, run: () => onMove(job.id, 0) },
  { kind: 'item', label: strings.up, isDisabled: index === 0, run: () => onMove(job.id, index - 1) },
  { kind: 'item', label: strings.down, isDisabled: index === count - 1, run: () => onMove(job.id, index + 1) },
  { kind: 'line' },
  ...requestEntries(job),
  { kind: 'line' },
  { kind: 'item', label: strings.remove, isDanger: true, run: () => removeJob(job) },
];

const endedEntries = (job: Job): readonly MenuEntry[] => [
  { kind: 'item', label: strings.retry, run: () => void send(window.splitreel.retryJob({ jobId: job.id })) },
  ...requestEntries(job),
  { kind: 'line' },
  { kind: 'item', label: strings.remove, isDanger: true, run: () => removeJob(job) },
];

function endText(job: Job): string {
  if (job.state.status === 'failed') return formatPair(strings.failed, describeError(job.state.error).message);
  return job.state.status === 'interrupted' ? strings.interrupted : strings.canceled;
}

function JobText({
  job,
  status,
  isBad = false,
}: {
  readonly job: Job;
  readonly status: string;
  readonly isBad?: boolean;
}) {
  const { prompt, width, height, numFrames, numInferenceSteps } = job.request;
  return (
    <span className={styles.jobText}>
      <span className={styles.prompt} dir="auto" title={prompt}>
        {prompt}
      </span>
      <span className={classes(styles.quiet, isBad && styles.bad)} title={status}>
        {status} · {strings.setSummary({ width, height, frames: numFrames, steps: numInferenceSteps })}
      </span>
    </span>
  );
}

interface MoveTarget {
  readonly job: Job;
  readonly index: number;
  readonly count: number;
  readonly onMove: (jobId: string, toIndex: number) => void;
}

function MoveButtons({ job, index, count, onMove, tabIndex }: MoveTarget & { readonly tabIndex: number }) {
  return (
    <>
      <IconButton
        size="small"
        label={strings.up}
        disabled={index === 0}
        tabIndex={tabIndex}
        onClick={() => onMove(job.id, index - 1)}
      >
        <ArrowUp size={14} aria-hidden />
      </IconButton>
      <IconButton
        size="small"
        label={strings.down}
        disabled={index === count - 1}
        tabIndex={tabIndex}
        onClick={() => onMove(job.id, index + 1)}
      >
        <ArrowDown size={14} aria-hidden />
      </IconButton>
    </>
  );
}

const RemoveButton = ({ job, tabIndex }: { readonly job: Job; readonly tabIndex: number }) => (
  <IconButton size="small" label={strings.remove} tabIndex={tabIndex} onClick={() => removeJob(job)}>
    <X size={14} aria-hidden />
  </IconButton>
);
