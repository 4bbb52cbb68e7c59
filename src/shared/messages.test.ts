import { afterEach, describe, expect, it } from 'vitest';
import { appError, describeError, SplitreelError } from './errors';
import { inLanguage, setLanguage } from './language';
import { ERROR_CODES, errorExitCode, fillMessage } from './messages';

afterEach(() => setLanguage('en'));

describe('messages', () => {
  it('leaves an unknown placeholder visible', () => {
    expect(fillMessage('{a:count} of {b:count}', { a: 1 })).toBe('1 of {b:count}');
  });

  it('includes the reasons, if any', () => {
    const error = appError(
      'PLAN_INVALID',
      {},
      { reasons: [{ code: 'heads_not_shared', params: { heads: 30, by: 4 } }] },
    );
    expect(describeError(error).message).toBe("30 attention heads can't be divided by 4.");
  });

  it('writes sentences and their values in the language of the process', () => {
    setLanguage('zh-CN');
    const error = appError('RANK_DIED', { rank: 1, stage: 'denoising', exit: 3 });
    expect(describeError(error).message).toBe('工作进程 1 在去噪阶段意外停止（退出码 3）。');
    expect(new SplitreelError(error).message).toMatch(/^Worker 1 stopped/);
    expect(inLanguage('en', () => describeError(error).action)).toMatch(/^Try again/);
  });

  it('gives every error one of the exit codes that scripts rely on', () => {
    for (const code of ERROR_CODES) expect([2, 3, 4, 5, 130]).toContain(errorExitCode(code));
  });
});
