/** Small documents from the network. */
export interface GetOptions {
  /** A longer response is rejected while it arrives. */
  readonly maxBytes: number;
  /** For the whole request, from the name lookup to the last byte. */
  readonly timeoutMs: number;
}

export interface PostOptions extends GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export type PostOutcome =
  /** With any status. Redirects are not followed. */
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'tooLong' }
  | { readonly kind: 'timedOut' }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'unreachable'; readonly problem: string };

export interface Web {
  /** Only https, also after a redirect. Throws a WebError. */
  readonly get: (address: string, options: GetOptions) => Promise<Uint8Array>;
  /** By https, or by http where the caller allows it. */
  readonly post: (address: string, options: PostOptions) => Promise<PostOutcome>;
}

export class WebError extends Error {
  readonly kind: 'unreachable' | 'refused';

  /** `unreachable`: there was no response. `refused`: the response can't be used. */
  constructor(kind: WebError['kind'], message: string) {
    super(message);
    this.name = 'WebError';
    this.kind = kind;
  }
}
