/** Keeps passwords in the URLs of indexes and proxies out of logs and errors. */
import type { AppError } from '../../shared/errors';

/** `scheme://name:password@` or `scheme://token@`; group 2 is the name, 3 the password. */
const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)([^\s/:@'"]*)(?::([^\s/@'"]*))?@/gi;

/** As above, plus the form that is common for proxies: `name:password@host`. */
const IN_VARIABLE = /(?:^|[\s,])(?:[a-z][a-z0-9+.-]*:\/\/)?([^\s/:@'"]*)(?::([^\s/@'"]*))?@/gi;

const HIDDEN = '****';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Hides passwords from the variables anywhere in a text, and anything that looks like a password in other URLs. */
export function secretsHider(env: Readonly<Record<string, string>>): (text: string) => string {
  const secrets = new Set<string>();
  for (const value of Object.values(env))
    for (const [, name = '', password] of value.matchAll(IN_VARIABLE))
      for (const secret of [password ?? name, decoded(password ?? name)]) if (secret !== '') secrets.add(secret);
  // Longest first, because one may be a prefix of another.
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
