import { formatPair } from '../../../shared/format';
import { useId, useMemo } from 'react';
import { checkPlan, worldSize, type Plan, type PlanContext } from '../../../shared/plan';
import { copy } from '../../copy';
import type { ChosenDevices } from '../../state/devices';
import { gpuColor, gpuInk } from '../../ui/gpu-colors';
import { blocksOfStage, headsOfRank, layOutPlan, scaleIn, type Frame, type Tile } from './geometry';
import styles from './PlanDrawing.module.css';

interface PlanDrawingProps {
  readonly plan: Plan;
  readonly context: PlanContext;
  readonly devices: ChosenDevices;
  /** The split as text, for screen readers. */
  readonly sentence: string;
}

/** The drawing's size, the same for every plan so that nothing jumps. */
const SIZE = { width: 344, height: 184 } as const;
const IDLE_HEIGHT = 26;
const LEGEND_HEIGHT = 18;

const strings = copy.plan.drawing;

function frameTitle(frame: Frame, plan: Plan, context: PlanContext): string {
  switch (frame.kind) {
    case 'cfg':
      return frame.index === 0 ? strings.withPrompt : strings.withoutPrompt;
    case 'dp':
      return context.request.videoCount === plan.dp
        ? strings.video({ number: frame.index + 1 })
        : strings.group({ number: frame.index + 1 });
    case 'pp': {
      const { from, to } = blocksOfStage(frame.index, plan.pp, context.shape.blocks);
      return strings.blocks({ from, to });
    }
    case 'heads':
      return '';
  }
}

const indexOf = (devices: ChosenDevices, rank: number): number =>
  devices.kind === 'cuda' ? (devices.gpus[rank]?.index ?? rank) : rank;

/** Draws the plan: which rank works on what, and which ranks exchange data. */
export function PlanDrawing({ plan, context, devices, sentence }: PlanDrawingProps) {
  const marker = useId();
  const count = context.devices.count;
  const idle = Array.from({ length: Math.max(count - worldSize(plan), 0) }, (_, i) => worldSize(plan) + i);
  const isValid = checkPlan(context, plan).length === 0;
  const hasNotes = isValid && plan.ulysses * plan.tp > 1;
  const height = SIZE.height - (idle.length > 0 ? IDLE_HEIGHT : 0) - (hasNotes ? LEGEND_HEIGHT : 0);
  const drawing = useMemo(() => layOutPlan(plan, { width: SIZE.width, height }), [plan, height]);
  const scale = scaleIn({ width: SIZE.width, height }, drawing);
  const left = (SIZE.width - drawing.width * scale) / 2;
  const top = (height - drawing.height * scale) / 2;
  return (
    <svg
      className={styles.drawing}
      viewBox={`0 0 ${String(SIZE.width)} ${String(SIZE.height)}`}
      role="img"
      aria-label={strings.label({ sentence })}
    >
      <ArrowHead id={marker} />
      <g
        className={styles.moving}
        style={{
          '--scale': String(scale),
          transform: `translate(${String(left)}px, ${String(top)}px) scale(${String(scale)})`,
        }}
      >
        {drawing.frames.map((frame) => (
          <g key={`${frame.kind}-${String(frame.x)}-${String(frame.y)}`}>
            <rect
              className={frame.kind === 'heads' ? styles.heads : styles.frame}
              x={frame.x}
              y={frame.y}
              width={frame.width}
              height={frame.height}
              rx={frame.kind === 'heads' ? 9 : 8}
            />
            <text className={styles.title} x={frame.x + frame.width / 2} y={frame.y + 13}>
              {frameTitle(frame, plan, context)}
            </text>
          </g>
        ))}
        {drawing.arrows.map((arrow) => (
          <path key={arrow.path} className={styles[arrow.kind]} d={arrow.path} markerEnd={`url(#${marker})`} />
        ))}
        {drawing.tiles.map((tile) => (
          <TileView
            key={tile.rank}
            tile={tile}
            index={indexOf(devices, tile.rank)}
            name={strings.device({ kind: devices.kind, index: indexOf(devices, tile.rank) })}
            note={hasNotes ? tileNote(tile.rank, plan, context) : ''}
          />
        ))}
      </g>
      {hasNotes && (
        <text className={styles.legend} x={SIZE.width / 2} y={height + 13}>
          {strings.legend}
        </text>
      )}
      <IdleDevices ranks={idle} devices={devices} />
    </svg>
  );
}

function ArrowHead({ id }: { readonly id: string }) {
  return (
    <defs>
      <marker id={id} viewBox="0 0 8 8" refX="6" refY="4" markerWidth="6" markerHeight="6" orient="auto-start-reverse">
        <path d="M1 1L7 4L1 7Z" className={styles.arrowHead} />
      </marker>
    </defs>
  );
}

/** Below the drawing: the devices that no rank uses. */
function IdleDevices({ ranks, devices }: { readonly ranks: readonly number[]; readonly devices: ChosenDevices }) {
  const width = Math.min(60, (SIZE.width - 4) / ranks.length - 4);
  return (
    <>
      {ranks.map((rank, i) => {
        const x = SIZE.width / 2 - (ranks.length * (width + 4)) / 2 + i * (width + 4) + 2;
        const name = strings.device({ kind: devices.kind, index: indexOf(devices, rank) });
        return (
          <g key={rank}>
            <rect className={styles.idle} x={x} y={SIZE.height - 21} width={width} height={20} rx={5} />
            <text className={styles.idleText} x={x + width / 2} y={SIZE.height - 7}>
              {width < 50 ? String(indexOf(devices, rank)) : name}
              <title>{formatPair(name, strings.idle)}</title>
            </text>
          </g>
        );
      })}
    </>
  );
}

function tileNote(rank: number, plan: Plan, context: PlanContext): string {
  const { from, to } = headsOfRank(rank, plan, context.shape.heads);
  return `${String(from)}-${String(to)}`;
}

function TileView({ tile, index, name, note }: { tile: Tile; index: number; name: string; note: string }) {
  const middle = tile.height / 2;
  return (
    <g className={styles.moving} style={{ transform: `translate(${String(tile.x)}px, ${String(tile.y)}px)` }}>
      <title>{name}</title>
      <rect width={tile.width} height={tile.height} rx={6} style={{ fill: gpuColor(index) }} />
      <text
        className={styles.name}
        x={tile.width / 2}
        y={note === '' ? middle + 4 : middle - 2}
        style={{ fill: gpuInk(index) }}
      >
        {name}
      </text>
      {note !== '' && (
        <text className={styles.note} x={tile.width / 2} y={middle + 11} style={{ fill: gpuInk(index) }}>
          {note}
        </text>
      )}
    </g>
  );
}
