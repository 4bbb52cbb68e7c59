import { describe, expect, it } from 'vitest';
import { appError, describeError } from './errors';
import { ERROR_CODES, errorExitCode, fillMessage } from './messages';

describe('messages', () => {
  it('leaves an unknown placeholder visible', () => {
    expect(fillMessage('{a:count} of {b:count}', { a: 1 })).toBe('1 of {b:count}');
  });

  it('says the reasons where there are some', () => {
    const error = appError(
      'PLAN_INVALID',
      {},
      { reasons: [{ code: 'heads_not_shared', params: { heads: 30, by: 4 } }] },
    );
    expect(describeError(error).message).toBe("30 attention heads can't be divided by 4.");
  });

  it('gives every error one of the exit codes that scripts rely on', () => {
    for (const code of ERROR_CODES) expect([2, 3, 4, 5, 130]).toContain(errorExitCode(code));
  });
});
