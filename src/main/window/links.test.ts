import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calls, LINK_IDS } from '../../shared/ipc';
import { LINKS, modelPage } from './links';

test('every link is plain https', () => {
  for (const link of Object.values(LINKS)) {
    const url = new URL(link);
    expect([url.protocol, url.username, url.password, url.port]).toEqual(['https:', '', '', '']);
  }
});

test.each([
  'file:///etc/passwd',
  'javascript:alert(1)',
  'smb://host/share',
  '\\\\host\\share',
  'https:\\\\@evil.example',
])('the page cannot have %s opened', (link) => {
  expect(calls.openLink.input.safeParse({ link }).success).toBe(false);
});

test('whatever the page sends, only an id from the table is accepted', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom(...LINK_IDS)), (link) => {
      expect(calls.openLink.input.safeParse({ link }).success).toBe(LINK_IDS.some((id) => id === link));
    }),
  );
});

test('whatever repository a catalog names, the page is on huggingface.co or rejected', () => {
  const odd = fc.constantFrom('..', '/', '\\', '@', ':', '?', '#', '%2e', 'evil.example', 'a/b', 'javascript:');
  const name = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(odd, fc.string())).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(name, (repository) => {
      let page: string;
      try {
        page = modelPage(repository);
      } catch {
        return;
      }
      const url = new URL(page);
      expect([url.protocol, url.host, url.username, url.search, url.hash]).toEqual([
        'https:',
        'huggingface.co',
        '',
        '',
        '',
      ]);
      expect(url.pathname).toBe(`/${repository}`);
    }),
  );
  expect(modelPage('THUDM/CogVideoX-2b')).toBe('https://huggingface.co/THUDM/CogVideoX-2b');
});
