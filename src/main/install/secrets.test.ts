import { expect, test } from 'vitest';
import { appError } from '../../shared/errors';
import { hideInError, secretsHider } from './secrets';

const hide = secretsHider({
  UV_DEFAULT_INDEX: 'https://me:s%40crèt@index.example/simple',
  UV_INDEX: 'https://a.example/simple https://glpat-12345@b.example/simple',
  HTTPS_PROXY: 'http://proxy.example:8080',
  HTTP_PROXY: 'me:pr0xy@proxy.example:8080',
  PATH: '/usr/bin',
});

test.each([
  ['the password of an index', 'GET https://me:s%40crèt@index.example/x', 'GET https://me:****@index.example/x'],
  ['the same as it reads', 'login me, password s@crèt', 'login me, password ****'],
  ['a token instead of a login', 'at https://glpat-12345@b.example', 'at https://****@b.example'],
  ['an address without a scheme', 'cannot read me:pr0xy@proxy', 'cannot read me:****@proxy'],
  ['an address that is in no variable', 'to http://you:other@c.example:81/', 'to http://you:****@c.example:81/'],
  ['an address without secrets', 'http://proxy.example:8080 is not there', 'http://proxy.example:8080 is not there'],
  ['a package with a version', 'Downloaded torch@2.1: me', 'Downloaded torch@2.1: me'],
])('%s', (_name, text, shown) => {
  expect(hide(text)).toBe(shown);
});

test('an error contains no secrets either', () => {
  const error = appError(
    'PACKAGE_CHANGED',
    { package: 'not s@crèt' },
    { reasons: [{ code: 'program_missing', params: { program: 's@crèt' } }], details: 'x s%40crèt y' },
  );
  expect(JSON.stringify(hideInError(error, hide))).not.toMatch(/s(@|%40)crèt/);
  expect(hideInError(error, hide)).toMatchObject({
    params: { package: 'not ****' },
    reasons: [{ params: { program: '****' } }],
    details: 'x **** y',
  });
});
