/** `nvidia-smi topo -m`: which GPUs share NVLink. */

// eslint-disable-next-line no-control-regex -- nvidia-smi underlines its header even when stdout is not a terminal
const ANSI = /\u001b\[[\d;]*m/g;

/** GPU index to the number of its island, islands numbered from 0; a GPU without NVLink is in none. */
export function parseIslands(text: string): ReadonlyMap<number, number> {
  const rows = text
    .replace(ANSI, '')
    .split('\n')
    .map((line) =>
      line
        .split(/\t+| {2,}/)
        .map((cell) => cell.trim())
        .filter((cell) => cell !== ''),
    );
  const header = rows.find((row) => row[0] === 'GPU0' && row[1] !== 'X');
  const columns = (header ?? []).filter((cell) => /^GPU\d+$/.test(cell));
  const links: (readonly [number, number])[] = [];
  for (const [name = '', ...cells] of rows) {
    const from = /^GPU(\d+)$/.exec(name)?.[1];
    if (from === undefined) continue;
    for (const [column, cell] of cells.slice(0, columns.length).entries())
      if (/^NV\d+$/.test(cell)) links.push([Number(from), column]);
  }
  return islandsOf(links);
}

function islandsOf(links: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  const islandOf = new Map<number, number>();
  for (const [a, b] of links) {
    const own = islandOf.get(a) ?? a;
    const other = islandOf.get(b) ?? b;
    const joined = Math.min(own, other);
    for (const [gpu, island] of islandOf) if (island === own || island === other) islandOf.set(gpu, joined);
    islandOf.set(a, joined);
    islandOf.set(b, joined);
  }
  const numbers = [...new Set(islandOf.values())].sort((a, b) => a - b);
  return new Map([...islandOf].map(([gpu, island]) => [gpu, numbers.indexOf(island)]));
}
