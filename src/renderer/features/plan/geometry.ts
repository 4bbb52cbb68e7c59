/**
 * Places each rank's tile in the drawing of the plan. Ranks are ordered dp, cfg, pp, ring, ulysses, tp with dp
 * outermost, as everywhere; a tile's position shows its rank's groups. Pure: the view only draws it.
 */
import { worldSize, type Plan } from '../../../shared/plan';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Tile extends Box {
  readonly rank: number;
}

export interface Frame extends Box {
  readonly kind: 'dp' | 'cfg' | 'pp' | 'heads';
  /** Its index among its kind, from 0. */
  readonly index: number;
}

export interface Arrow {
  readonly kind: 'ring' | 'pp';
  /** An SVG path that ends at the arrowhead. */
  readonly path: string;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];
  readonly frames: readonly Frame[];
  readonly arrows: readonly Arrow[];
}

const TILE = { width: 56, height: 34 } as const;
const GAP = 2;
/** Space for an arrow between two capsules. */
const HOP = 22;
const PAD = 7;
const HEADING = 18;
const GROUP_GAP = 10;
const MAX_SCALE = 1.35;

interface Block {
  readonly width: number;
  readonly height: number;
  readonly place: (x: number, y: number, firstRank: number) => void;
}

interface Sheet {
  readonly tiles: Tile[];
  readonly frames: Frame[];
  readonly arrows: Arrow[];
}

/** Ranks that share heads (and, inside, weights) touch each other in one capsule. */
function headsBlock(sheet: Sheet, count: number): Block {
  const columns = count <= 3 ? count : Math.ceil(count / 2);
  const rows = Math.ceil(count / columns);
  const width = columns * TILE.width + (columns - 1) * GAP + 2 * 4;
  const height = rows * TILE.height + (rows - 1) * GAP + 2 * 4;
  return {
    width,
    height,
    place: (x, y, firstRank) => {
      if (count > 1) sheet.frames.push({ kind: 'heads', index: 0, x, y, width, height });
      for (let i = 0; i < count; i += 1)
        sheet.tiles.push({
          rank: firstRank + i,
          x: x + 4 + (i % columns) * (TILE.width + GAP),
          y: y + 4 + Math.floor(i / columns) * (TILE.height + GAP),
          ...TILE,
        });
    },
  };
}

/** The centers of the capsules of a ring, as a loop: along the top to the right, along the bottom back. */
function loopCells(count: number): { column: number; row: number }[] {
  const top = Math.ceil(count / 2);
  return Array.from({ length: count }, (_, i) =>
    i < top ? { column: i, row: 0 } : { column: top - 1 - (i - top), row: 1 },
  );
}

function ringBlock(sheet: Sheet, count: number, inner: Block, ranksEach: number): Block {
  if (count === 1) return inner;
  const places =
    count === 2
      ? [
          { column: 0, row: 0 },
          { column: 1, row: 0 },
        ]
      : loopCells(count);
  const columns = Math.max(...places.map((p) => p.column)) + 1;
  const rows = Math.max(...places.map((p) => p.row)) + 1;
  const stepX = inner.width + HOP;
  const stepY = inner.height + HOP;
  return {
    width: columns * stepX - HOP,
    height: rows * stepY - HOP,
    place: (x, y, firstRank) => {
      const boxes = places.map((p) => ({
        x: x + p.column * stepX,
        y: y + p.row * stepY,
        width: inner.width,
        height: inner.height,
      }));
      boxes.forEach((box, i) => {
        inner.place(box.x, box.y, firstRank + i * ranksEach);
        const next = boxes[(i + 1) % count];
        if (next !== undefined) sheet.arrows.push({ kind: 'ring', path: hop(box, next, count === 2 ? 6 : 0) });
      });
    },
  };
}

/** A straight arrow across the gap between two capsules; `offset` keeps the two of a pair apart. */
function hop(from: Box, to: Box, offset: number): string {
  const center = (box: Box): { x: number; y: number } => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
  const a = center(from);
  const b = center(to);
  const line = (x1: number, y1: number, x2: number, y2: number): string =>
    `M${String(x1)} ${String(y1)}L${String(x2)} ${String(y2)}`;
  if (a.y === b.y) {
    const way = Math.sign(b.x - a.x);
    const y = a.y - way * offset;
    return line(a.x + way * (from.width / 2 + 3), y, b.x - way * (to.width / 2 + 4), y);
  }
  if (a.x === b.x) {
    const way = Math.sign(b.y - a.y);
    return line(a.x, a.y + way * (from.height / 2 + 3), b.x, b.y - way * (to.height / 2 + 4));
  }
  // The last arrow of an odd ring goes back diagonally, from the top edge of one to the bottom edge of the other.
  const way = Math.sign(b.y - a.y);
  return line(a.x, a.y + way * (from.height / 2 + 3), b.x + Math.sign(a.x - b.x) * 14, b.y - way * (to.height / 2 + 4));
}

interface RowOptions {
  readonly kind: 'dp' | 'cfg' | 'pp';
  readonly count: number;
  readonly ranksEach: number;
  readonly gap: number;
  readonly columns: number;
}

/** Framed blocks in rows, each with a heading. */
function framedBlocks(sheet: Sheet, inner: Block, options: RowOptions): Block {
  const { kind, count, ranksEach, gap, columns } = options;
  if (count === 1) return inner;
  const width = inner.width + 2 * PAD;
  const height = inner.height + HEADING + PAD;
  const rows = Math.ceil(count / columns);
  return {
    width: columns * (width + gap) - gap,
    height: rows * (height + gap) - gap,
    place: (x, y, firstRank) => {
      for (let i = 0; i < count; i += 1) {
        const box = {
          x: x + (i % columns) * (width + gap),
          y: y + Math.floor(i / columns) * (height + gap),
          width,
          height,
        };
        sheet.frames.push({ kind, index: i, ...box });
        inner.place(box.x + PAD, box.y + HEADING, firstRank + i * ranksEach);
        if (kind === 'pp' && i + 1 < count && (i + 1) % columns !== 0)
          sheet.arrows.push({ kind: 'pp', path: hop(box, { ...box, x: box.x + width + gap }, 0) });
      }
    },
  };
}

export interface Room {
  readonly width: number;
  readonly height: number;
}

/** How many framed blocks fit side by side. */
interface Columns {
  readonly pp: number;
  readonly cfg: number;
  readonly dp: number;
}

function layOut(plan: Plan, columns: Columns): Drawing {
  const sheet: Sheet = { tiles: [], frames: [], arrows: [] };
  const shared = plan.ulysses * plan.tp;
  const ringRanks = plan.ring * shared;
  const ring = ringBlock(sheet, plan.ring, headsBlock(sheet, shared), shared);
  const stages = framedBlocks(sheet, ring, {
    kind: 'pp',
    count: plan.pp,
    ranksEach: ringRanks,
    gap: HOP,
    columns: columns.pp,
  });
  const half = plan.pp * ringRanks;
  const halves = framedBlocks(sheet, stages, {
    kind: 'cfg',
    count: plan.cfg,
    ranksEach: half,
    gap: GROUP_GAP,
    columns: columns.cfg,
  });
  const groups = framedBlocks(sheet, halves, {
    kind: 'dp',
    count: plan.dp,
    ranksEach: half * plan.cfg,
    gap: GROUP_GAP,
    columns: columns.dp,
  });
  groups.place(0, 0, 0);
  if (sheet.tiles.length !== worldSize(plan)) throw new Error('a rank has no tile');
  return { width: groups.width, height: groups.height, ...sheet };
}

/** The factor by which the drawing can be enlarged to fill the bounds. */
export const scaleIn = (room: Room, drawing: Room): number =>
  Math.min(room.width / drawing.width, room.height / drawing.height, MAX_SCALE);

/** The drawing of a plan in its own pixels, laid out to be as large as possible in these bounds. */
export function layOutPlan(plan: Plan, room: Room): Drawing {
  const upTo = (count: number): number[] => Array.from({ length: Math.min(count, 4) }, (_, i) => i + 1);
  // A row of stages keeps its arrows and wraps only if it would be unreadable.
  const stages = plan.pp > 4 ? [4] : [plan.pp];
  const drawings = stages.flatMap((pp) =>
    upTo(plan.cfg).flatMap((cfg) => upTo(plan.dp).map((dp) => layOut(plan, { pp, cfg, dp }))),
  );
  return drawings.reduce((best, next) => (scaleIn(room, next) > scaleIn(room, best) ? next : best));
}

/** The first and last head of a rank during attention: tp divides them first, then Ulysses. */
export function headsOfRank(rank: number, plan: Plan, heads: number): { from: number; to: number } {
  const tpRank = rank % plan.tp;
  const ulyssesRank = Math.floor(rank / plan.tp) % plan.ulysses;
  const perTp = heads / plan.tp;
  const each = perTp / plan.ulysses;
  const from = tpRank * perTp + ulyssesRank * each;
  return { from, to: from + each - 1 };
}

/** The first and last block of a stage: if they don't divide evenly, the first stages take one more. */
export function blocksOfStage(stage: number, stages: number, blocks: number): { from: number; to: number } {
  const each = Math.floor(blocks / stages);
  const extra = blocks % stages;
  const from = stage * each + Math.min(stage, extra);
  return { from, to: from + each + (stage < extra ? 1 : 0) - 1 };
}
