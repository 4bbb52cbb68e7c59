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

/** True where uv or pip say that the index could not be reached, or was lost in the middle. */
export const isNetworkTrouble = (output: string): boolean =>
  /error sending request|error reading a body|error decoding response body|dns error|failed to lookup address|connection (refused|reset|timed out)|network is unreachable|Temporary failure in name resolution|NewConnectionError|Max retries exceeded|operation timed out|proxy/i.test(
    output,
  );

/** True where uv, pip or Python say that a disk is full, or a quota. */
export const isDiskFull = (output: string): boolean =>
  /no space left on device|os error 28\b|errno 28\b|disk quota exceeded/i.test(output);

/** True where uv or pip do not trust whom they reached. */
export const isCertificateTrouble = (output: string): boolean =>
  /invalid peer certificate|certificate.verify.failed|unknownissuer|self.signed certificate/i.test(output);

/** As uv draws it under an error. */
const CAUSE = /^(├─▶|╰─▶|Caused by:|cause:)\s*/;

/** The line that says what went wrong, the first that begins with error or else the last, and its innermost cause. */
export function mainLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const named =
    lines.find((line) => /^(error|ERROR|×)/.test(line)) ?? lines[lines.length - 1] ?? 'it ended without a word';
  const cause =
    lines
      .reverse()
      .find((line) => CAUSE.test(line))
      ?.replace(CAUSE, '') ?? null;
  return [named.replace(/^(error|ERROR|×):?\s*/, ''), ...(cause === null ? [] : [cause])]
    .map((part) => part.replace(/[.:]$/, ''))
    .join(': ')
    .slice(0, 300);
}
