/** Progress of uv, from the lines that it prints when nobody is looking. Pure. */
export interface PackageProgress {
  readonly completed: number | null;
  readonly total: number | null;
  readonly downloadedBytes: number | null;
  readonly current: string | null;
  /** Sizes of what is being downloaded, by name. */
  readonly sizes: ReadonlyMap<string, number>;
}

export const NO_PACKAGES: PackageProgress = {
  completed: null,
  total: null,
  downloadedBytes: null,
  current: null,
  sizes: new Map(),
};

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };

export function applyUvLine(progress: PackageProgress, line: string): PackageProgress {
  const resolved = /^Resolved (\d+) packages?/.exec(line);
  if (resolved !== null) return { ...progress, total: Number(resolved[1]), completed: progress.completed ?? 0 };
  const begun = /^\s*Downloading (\S+) \(([\d.]+)\s*(B|KiB|MiB|GiB)\)/.exec(line);
  if (begun !== null) {
    const [, name = '', amount = '0', unit = 'B'] = begun;
    const sizes = new Map(progress.sizes).set(name, Number(amount) * (UNITS[unit] ?? 1));
    return { ...progress, current: name, sizes };
  }
  const downloaded = /^\s*Downloaded (\S+)/.exec(line);
  if (downloaded !== null) {
    const size = progress.sizes.get(downloaded[1] ?? '') ?? 0;
    return { ...progress, downloadedBytes: Math.round((progress.downloadedBytes ?? 0) + size) };
  }
  const installed = /^\s*\+ ([^=\s]+)==/.exec(line);
  if (installed !== null)
    return { ...progress, completed: (progress.completed ?? 0) + 1, current: installed[1] ?? null };
  return progress;
}

/** True where uv or pip say that the index could not be reached. */
export const isNetworkTrouble = (output: string): boolean =>
  /error sending request|dns error|failed to lookup address|connection (refused|reset|timed out)|network is unreachable|Temporary failure in name resolution|NewConnectionError|Max retries exceeded|operation timed out|proxy/i.test(
    output,
  );

/** The line that says what went wrong: the first that begins with error, or else the last. */
export function mainLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const named =
    lines.find((line) => /^(error|ERROR|×)/.test(line)) ?? lines[lines.length - 1] ?? 'it ended without a word';
  return named
    .replace(/^(error|ERROR|×):?\s*/, '')
    .replace(/\.$/, '')
    .slice(0, 300);
}
