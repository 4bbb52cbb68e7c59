/** Parses what uv prints without a terminal; recorded in transcripts/, one folder per version of uv. Pure. */
export interface PackageProgress {
  readonly completed: number | null;
  readonly total: number | null;
  /** Large wheels, by package name: uv doesn't report small ones. */
  readonly downloading: ReadonlySet<string>;
  readonly downloaded: ReadonlySet<string>;
  readonly areAllDownloaded: boolean;
  readonly current: string | null;
}

export const NO_PACKAGES: PackageProgress = {
  completed: null,
  total: null,
  downloading: new Set(),
  downloaded: new Set(),
  areAllDownloaded: false,
  current: null,
};

export function applyUvLine(progress: PackageProgress, line: string): PackageProgress {
  const resolved = /^Resolved (\d+) packages?/.exec(line);
  if (resolved !== null) return { ...progress, total: Number(resolved[1]), completed: progress.completed ?? 0 };
  const [, started] = /^\s*Downloading (\S+) \(/.exec(line) ?? [];
  if (started !== undefined)
    return { ...progress, current: started, downloading: new Set([...progress.downloading, started]) };
  const [, finished] = /^\s*Downloaded (\S+)/.exec(line) ?? [];
  if (finished !== undefined) {
    const downloading = new Set([...progress.downloading].filter((name) => name !== finished));
    return { ...progress, downloading, downloaded: new Set([...progress.downloaded, finished]) };
  }
  if (/^Prepared \d+ packages?/.test(line)) return { ...progress, areAllDownloaded: true, downloading: new Set() };
  const [, installed] = /^\s*\+ ([^=\s]+)==/.exec(line) ?? [];
  if (installed !== undefined) return { ...progress, completed: (progress.completed ?? 0) + 1, current: installed };
  return progress;
}

/** Phrases from uv's and pip's network libraries. None of them occurs in a package name or a path. */
const NETWORK_TROUBLE = [
  'error sending request',
  'error reading a body',
  'error decoding response body',
  'dns error',
  'failed to lookup address',
  'connection (?:refused|reset|timed out)',
  'network is unreachable',
  'temporary failure in name resolution',
  'NewConnectionError',
  'ProxyError',
  'max retries exceeded',
  'operation timed out',
  'tunnel error',
  'unsuccessful tunnel',
  'cannot connect to proxy',
  'proxy authentication required',
];
const NETWORK_TROUBLE_PATTERN = new RegExp(NETWORK_TROUBLE.join('|'), 'i');

/** True if uv or pip report that the index couldn't be reached, or that the connection broke. */
export const isNetworkTrouble = (output: string): boolean => NETWORK_TROUBLE_PATTERN.test(output);

/** True if uv, pip or Python report a full disk or quota. */
export const isDiskFull = (output: string): boolean =>
  /no space left on device|os error 28\b|errno 28\b|disk quota exceeded/i.test(output);

/** True if a file system has no locks, as on some network file systems. */
export const isLockTrouble = (output: string): boolean => /no locks available|os error 37\b/i.test(output);

/** True if uv or pip don't trust the server's certificate. */
export const isCertificateTrouble = (output: string): boolean =>
  /invalid peer certificate|certificate.verify.failed|unknownissuer|self.signed certificate/i.test(output);

/** How uv indents a cause under its error. */
const CAUSE = /^(├─▶|╰─▶|Caused by:|cause:)\s*/;

/**
 * The error and its innermost cause: the first line that starts with "error", or else the last one. Empty without
 * output.
 */
export function mainLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const named = lines.find((line) => /^(error|ERROR|×)/.test(line)) ?? lines[lines.length - 1] ?? '';
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
