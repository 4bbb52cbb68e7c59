import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  endpointOrigin,
  instructionFor,
  NO_REWRITER,
  parseEndpoint,
  promptInAnswer,
  remoteHost,
  rewriterName,
  rewriterSchema,
  USUAL_INSTRUCTION,
  USUAL_TARGET,
} from './rewriting';

test.each([
  ['http://localhost:11434', 'http://localhost:11434/v1/chat/completions'],
  ['http://127.0.0.1:8080/v1/', 'http://127.0.0.1:8080/v1/chat/completions'],
  ['HTTP://[::1]:1234/v1/chat/completions', 'http://[::1]:1234/v1/chat/completions'],
  ['http://192.168.1.20:11434/api/v1', 'http://192.168.1.20:11434/api/v1/chat/completions'],
  ['http://10.1.2.3', 'http://10.1.2.3/v1/chat/completions'],
  ['http://172.31.0.1', 'http://172.31.0.1/v1/chat/completions'],
  ['http://[fd12:3456::1]:80', 'http://[fd12:3456::1]:80/v1/chat/completions'],
  ['https://API.example.com/v1', 'https://api.example.com/v1/chat/completions'],
])('%s is asked at %s', (address, url) => {
  expect(parseEndpoint(address)?.url).toBe(url);
});

test.each([
  'http://example.com',
  'http://localhost.example.com',
  'http://172.32.0.1',
  'http://192.169.0.1',
  'http://8.8.8.8',
  // Unusual spellings of an address, which URL parsers interpret differently.
  'http://010.0.0.1',
  'http://127.1',
  'http://2130706433',
  'http://0x7f.0.0.1',
  'http://[::ffff:8.8.8.8]',
  'http://[::ffff:808:808]',
  'https://jo:secret@example.com',
  'https://example.com/v1?key=secret',
  'https://example.com#x',
  'https://example.com:70000',
  'ftp://localhost',
  'file:///etc/passwd',
  'localhost:11434',
  '',
])('%s is no server to send prompts to', (address) => {
  expect(parseEndpoint(address)).toBeNull();
});

test('URL parses every accepted address the same way, and http stays in the private network', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6().map((ip) => `[${ip}]`),
  );
  const address = fc
    .tuple(fc.constantFrom('http', 'https'), host, fc.option(fc.nat(70_000)))
    .map(([scheme, name, port]) => `${scheme}://${name}${port === null ? '' : `:${String(port)}`}`);
  fc.assert(
    fc.property(address, (text) => {
      const endpoint = parseEndpoint(text);
      if (endpoint === null || endpoint.url.startsWith('https:')) return;
      const { hostname } = new URL(endpoint.url);
      expect(hostname).toMatch(/^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[(::1\]|f[cd]|fe[89ab]))/);
    }),
    { numRuns: 2_000 },
  );
});

test('a server elsewhere is named, and one on this computer is not', () => {
  const at = (address: string) => remoteHost({ ...NO_REWRITER, kind: 'endpoint', address, model: 'x' });
  expect(at('https://api.example.com/v1')).toBe('api.example.com');
  expect(at('http://192.168.1.20:11434')).toBe('192.168.1.20:11434');
  expect(at('http://127.0.0.1:11434')).toBeNull();
  expect(remoteHost({ ...NO_REWRITER, address: 'https://api.example.com/v1' })).toBeNull();
});

test('a key belongs to scheme, host and port', () => {
  expect(endpointOrigin('https://a.example/v1')).toBe(endpointOrigin('https://A.example'));
  expect(endpointOrigin('https://a.example')).not.toBe(endpointOrigin('https://a.example:8443'));
  expect(endpointOrigin('http://localhost')).not.toBe(endpointOrigin('https://localhost'));
});

test.each([
  [{ kind: 'command' }, false],
  [{ kind: 'command', command: 'llm' }, true],
  [{ kind: 'command', command: 'llm | tee' }, false],
  [{ kind: 'endpoint', address: 'http://localhost' }, false],
  [{ kind: 'endpoint', address: 'http://localhost', model: 'llama3' }, true],
  [{ kind: 'off', address: 'http://example.com' }, false],
  [{ kind: 'off', model: 'a\nb' }, false],
  [{}, true],
])('%j: %s', (changes, isValid) => {
  expect(rewriterSchema.safeParse({ ...NO_REWRITER, ...changes }).success).toBe(isValid);
});

test('the rewriter has the name of its program or its model', () => {
  expect(rewriterName(NO_REWRITER)).toBeNull();
  expect(rewriterName({ ...NO_REWRITER, kind: 'command', command: "'/opt/my tools/rewrite' -x" })).toBe('rewrite');
  expect(rewriterName({ ...NO_REWRITER, kind: 'endpoint', model: 'llama3' })).toBe('llama3');
});

test('the instruction follows the model', () => {
  const text = instructionFor(null, USUAL_TARGET);
  expect(text).toContain('at most 226 tokens');
  expect(text).toContain('60 to 146 words');
  expect(text).not.toContain('image');
  expect(instructionFor(null, { maxTokens: 512, hasImage: true })).toMatch(/512 tokens[\s\S]*starts from an image/);
  expect(instructionFor('{tokens}, {other}', USUAL_TARGET)).toBe('226, {other}');
  expect(USUAL_INSTRUCTION).toContain('{tokens}');
});

test.each([
  ['  A dog runs. \n', 'A dog runs.'],
  ['"A dog runs."', 'A dog runs.'],
  ['“A dog runs.”', 'A dog runs.'],
  ['"A dog" runs to the "end"', '"A dog" runs to the "end"'],
  ['A dog\n\nruns\r\n\there.', 'A dog runs here.'],
  ['<think>The user\nwants</think>\n\nA dog runs.', 'A dog runs.'],
  ['wants a dog.</think>A dog runs.', 'A dog runs.'],
  ['<think>until the limit', ''],
  ['```text\nA dog runs.\n```', 'A dog runs.'],
  ['A {red|blue} dog', 'A (red|blue) dog'],
  ['A dog\u0000 \u001b[31mruns\ud800.', 'A dog [31mruns .'],
  ['', ''],
  ['\n\t', ''],
])('%j holds the prompt %j', (answer, prompt) => {
  expect(promptInAnswer(answer)).toBe(prompt);
});
