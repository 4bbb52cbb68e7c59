/** Passwords in the addresses of indexes and proxies: what reads them shows none of them in a log or an error. */
import type { AppError } from '../../shared/errors';

/** `scheme://name:password@` or `scheme://token@`; group 2 is the name, 3 the password. */
const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)([^\s/:@'"]*)(?::([^\s/@'"]*))?@/gi;

/** As above, and what people write for a proxy: `name:password@host`. */
const IN_VARIABLE = /(?:^|[\s,])(?:[a-z][a-z0-9+.-]*:\/\/)?([^\s/:@'"]*)(?::([^\s/@'"]*))?@/gi;

const HIDDEN = '****';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Hides what the variables hold wherever it stands in a text, and in other addresses what has the look of it. */
export function secretsHider(env: Readonly<Record<string, string>>): (text: string) => string {
  const secrets = new Set<string>();
  for (const value of Object.values(env))
    for (const [, name = '', password] of value.matchAll(IN_VARIABLE))
      for (const secret of [password ?? name, decoded(password ?? name)]) if (secret !== '') secrets.add(secret);
  // The longest first: one may be the beginning of another.
  const known = [...secrets].sort((a, b) => b.length - a.length);
  return (text) =>
    known
      .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
      .replaceAll(CREDENTIALS, (_whole, scheme: string, name: string, password: string | undefined) =>
        password === undefined ? `${scheme}${HIDDEN}@` : `${scheme}${name}:${HIDDEN}@`,
      );
}

export function hideInError(error: AppError, hide: (text: string) => string): AppError {
  const hideIn = (params: AppError['params']): AppError['params'] =>
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? hide(value) : value]),
    );
  return {
    ...error,
    params: hideIn(error.params),
    reasons: error.reasons.map(({ code, params }) => ({ code, params: hideIn(params) })),
    details: error.details === null ? null : hide(error.details),
  };
}
