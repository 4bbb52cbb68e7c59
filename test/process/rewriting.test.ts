/** Prompts rewritten by real programs and by a real server on this computer: good ones, slow, broken and hostile ones. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeFiles } from '../../src/main/adapters/node/files';
import { nodeProcesses } from '../../src/main/adapters/node/processes';
import { createWeb } from '../../src/main/adapters/node/web';
import { SILENT_LOG } from '../../src/main/ports/log';
import type { Secrets } from '../../src/main/ports/secrets';
import { rewritingCalls } from '../../src/main/rewriting/calls';
import { openRewriting, type Rewriting } from '../../src/main/rewriting/rewriting';
import { applyPatch } from '../../src/main/settings/settings';
import { SplitreelError, type AppError } from '../../src/shared/errors';
import { NO_REWRITER, type Rewriter } from '../../src/shared/rewriting';
import { DEFAULT_SETTINGS, type Settings } from '../../src/shared/settings';
import { MODEL } from '../fakes/main-process';

const KEY = 'sk-secret-key';
/** As good as a keychain: what is on disk is not the key. */
const SECRETS: Secrets = {
  isAvailable: () => Promise.resolve(true),
  encrypt: (text) => Promise.resolve(Buffer.from(Buffer.from(text).toString('hex'))),
  decrypt: (bytes) => Promise.resolve(Buffer.from(Buffer.from(bytes).toString(), 'hex').toString()),
};

let folder = '';
let server: Server;
let address = '';
let asked: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
let answer: (response: ServerResponse) => void;
let settings: Settings = DEFAULT_SETTINGS;
let states: object[] = [];

const chat = (content: string | null): string => JSON.stringify({ id: 'x', choices: [{ message: { content } }] });
const reply =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'splitreel rewrite ü '));
  asked = [];
  states = [];
  answer = reply(200, chat('A dog runs.'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      asked.push({ url, headers, body: Buffer.concat(chunks).toString() });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const endpoint = (changes: Partial<Rewriter> = {}): Rewriter => ({
  kind: 'endpoint',
  command: '',
  address,
  model: 'llama3',
  ...changes,
});

function open(rewriter: Rewriter, timeoutMs = 20_000): Promise<Rewriting> {
  settings = { ...DEFAULT_SETTINGS, rewriter };
  return openRewriting(
    { files: nodeFiles, processes: nodeProcesses, web: createWeb(), secrets: SECRETS, log: SILENT_LOG },
    {
      keyFile: path.join(folder, 'key.bin'),
      env: { PATH: `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`, HOME: folder, SECRET: 'x' },
      cwd: folder,
      settings: () => settings,
      models: () => [MODEL],
      onState: (state) => states.push(state),
      timeoutMs,
    },
  );
}

async function errorOf(rewriting: Rewriting, text = '一只狗'): Promise<AppError> {
  const outcome = await rewriting.rewrite({ modelId: MODEL.id, text }).catch((error: unknown) => error);
  if (!(outcome instanceof SplitreelError)) throw new Error(`no error, but ${String(outcome)}`);
  return outcome.error;
}

async function program(name: string, lines: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, 0o755);
  return file;
}

const command = (text: string): Rewriter => ({ ...NO_REWRITER, kind: 'command', command: text });

test('without a rewriter nothing is started or sent', async () => {
  expect((await errorOf(await open(NO_REWRITER))).code).toBe('REWRITE_OFF');
});

test('a command gets the prompt on stdin, its arguments as they are, and none of our variables', async () => {
  await program('rewrite', 'read prompt; echo "<$1> <$2> $prompt [$SECRET]"; env >&2');
  const rewriting = await open(command(`rewrite 'a  b' '$(id)'`));
  expect(await rewriting.rewrite({ modelId: null, text: '一只狗 "runs"; $(id)' })).toBe(
    '<a  b> <$(id)> 一只狗 "runs"; $(id) []'.replaceAll('  ', ' '),
  );
});

test('a command that does not read its input, gives no sign of it with the longest prompt', async () => {
  const file = await program('rewrite', 'echo A dog runs.');
  const rewriting = await open(command(`"${file}"`));
  expect(await rewriting.rewrite({ modelId: null, text: '狗'.repeat(20_000) })).toBe('A dog runs.');
});

test.each([
  ['exit 3', 'REWRITE_COMMAND_FAILED', { name: 'rewrite', exit: 3 }],
  ['kill -9 $$', 'REWRITE_COMMAND_FAILED', { name: 'rewrite', exit: 'SIGKILL' }],
  ['true', 'REWRITE_ANSWER_EMPTY', {}],
  ['yes', 'REWRITE_ANSWER_TOO_LONG', {}],
  ['head -c 5000 /dev/zero | tr "\\0" x', 'REWRITE_ANSWER_TOO_LONG', {}],
])('a command that runs %s: %s', async (line, code, params) => {
  const file = await program('rewrite', `echo oops >&2\n${line}`);
  expect(await errorOf(await open(command(`"${file}"`)))).toMatchObject({ code, params });
});

test('what a failed command wrote to stderr is in the details', async () => {
  const file = await program('rewrite', 'echo no such model >&2; exit 1');
  expect((await errorOf(await open(command(`"${file}"`)))).details).toBe('no such model');
});

test('a program that is not there, and a file that is none', async () => {
  expect(await errorOf(await open(command('no-such-program')))).toMatchObject({
    code: 'REWRITE_COMMAND_MISSING',
    params: { name: 'no-such-program' },
  });
  await writeFile(path.join(folder, 'plain'), 'text');
  expect(await errorOf(await open(command(`"${folder}/plain"`)))).toMatchObject({
    code: 'REWRITE_COMMAND_UNSTARTABLE',
    params: { name: 'plain' },
  });
});

/** Starts another program, which ignores SIGTERM and holds stdout open. Its number is in the file `pid`. */
async function waitingProgram(): Promise<string> {
  await program('child', `trap '' TERM\necho $$ > "$HOME/part"\nmv "$HOME/part" "$HOME/pid"\nsleep 600 &\nwait`);
  return program('rewrite', 'child &\nwait');
}
const isAlive = async (): Promise<boolean> => {
  const pid = Number(await readFile(path.join(folder, 'pid'), 'utf8'));
  return (await nodeProcesses.find(pid)) !== null;
};

test('a command that takes too long ends with all that it has started', async () => {
  const file = await waitingProgram();
  // Long enough for both programs to start.
  expect(await errorOf(await open(command(`"${file}"`), 4_000))).toMatchObject({
    code: 'REWRITE_TIMED_OUT',
    params: { limit: 4_000 },
  });
  await expect.poll(isAlive).toBe(false);
});

test('a canceled command ends, and gives nothing', async () => {
  const file = await waitingProgram();
  const rewriting = await open(command(`"${file}"`));
  const result = rewriting.rewrite({ modelId: null, text: 'x' });
  await expect.poll(() => readdir(folder)).toContain('pid');
  rewriting.cancel();
  expect(await result).toBeNull();
  await expect.poll(isAlive).toBe(false);
});

test('a server gets the model, the instruction and the prompt, and a key only where there is one', async () => {
  const rewriting = await open(endpoint());
  expect(await rewriting.rewrite({ modelId: MODEL.id, text: '一只狗' })).toBe('A dog runs.');
  const [first] = asked;
  expect(first?.url).toBe('/v1/chat/completions');
  expect(first?.headers.authorization).toBeUndefined();
  const body = JSON.parse(first?.body ?? '') as { model: string; messages: { role: string; content: string }[] };
  expect(body).toMatchObject({ model: 'llama3', stream: false });
  expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user']);
  expect(body.messages[0]?.content).toContain('226 tokens');
  expect(body.messages[1]?.content).toBe('一只狗');
  settings = { ...settings, rewriteInstruction: 'At most {tokens}.' };
  await rewriting.setKey(KEY);
  await rewriting.rewrite({ modelId: MODEL.id, text: 'x' });
  expect(asked[1]?.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(asked[1]?.body).toContain('At most 226.');
});

test.each([
  ['a refused key', 401, `{"error": "bad key ${KEY}"}`, 'REWRITE_KEY_REFUSED'],
  ['a forbidden one', 403, '', 'REWRITE_KEY_REFUSED'],
  ['an unknown model', 404, '{"error": {"message": "model not found"}}', 'REWRITE_MODEL_MISSING'],
  ['a fault', 500, 'oops', 'REWRITE_REFUSED'],
  ['too many requests', 429, '', 'REWRITE_REFUSED'],
  ['a page', 200, '<html>A router</html>', 'REWRITE_ANSWER_INVALID'],
  ['no choices', 200, '{"choices": []}', 'REWRITE_ANSWER_INVALID'],
  ['a number', 200, '{"choices": [{"message": {"content": 5}}]}', 'REWRITE_ANSWER_INVALID'],
  ['null', 200, 'null', 'REWRITE_ANSWER_INVALID'],
  ['no text', 200, chat(null), 'REWRITE_ANSWER_EMPTY'],
  ['only thoughts', 200, chat('<think>hm'), 'REWRITE_ANSWER_EMPTY'],
  ['a novel', 200, chat('x'.repeat(4_001)), 'REWRITE_ANSWER_TOO_LONG'],
  ['two megabytes', 200, 'x'.repeat(2_000_000), 'REWRITE_ANSWER_TOO_LONG'],
])('a server that answers with %s', async (_, status, body, code) => {
  const rewriting = await open(endpoint());
  await rewriting.setKey(KEY);
  answer = reply(status, body);
  const error = await errorOf(rewriting);
  expect(error.code).toBe(code);
  expect(JSON.stringify(error)).not.toContain(KEY);
});

test('a redirect is not followed, with the key or without', async () => {
  let reached = 0;
  const other = createServer((_, response) => {
    reached += 1;
    response.end(chat('from elsewhere'));
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const rewriting = await open(endpoint());
  await rewriting.setKey(KEY);
  for (const status of [301, 302, 307, 308]) {
    const location = `http://127.0.0.1:${String((other.address() as AddressInfo).port)}/v1/chat/completions`;
    answer = reply(status, '', { Location: location });
    expect((await errorOf(rewriting)).code).toBe('REWRITE_REDIRECTED');
  }
  expect(reached).toBe(0);
  await new Promise((resolve) => other.close(resolve));
});

test('a server that hangs or drips', async () => {
  const rewriting = await open(endpoint(), 300);
  answer = () => undefined;
  expect((await errorOf(rewriting)).code).toBe('REWRITE_TIMED_OUT');
  answer = (response) => response.writeHead(200).write('{');
  expect((await errorOf(rewriting)).code).toBe('REWRITE_TIMED_OUT');
});

test('a server that breaks off, or is not there', async () => {
  const rewriting = await open(endpoint());
  answer = (response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('{');
    response.destroy();
  };
  expect((await errorOf(rewriting)).code).toBe('REWRITE_UNREACHABLE');
  settings = { ...settings, rewriter: endpoint({ address: 'http://127.0.0.1:9' }) };
  expect(await errorOf(rewriting)).toMatchObject({ code: 'REWRITE_UNREACHABLE', params: { host: '127.0.0.1:9' } });
});

test('a request that is canceled, or followed by another, gives nothing', async () => {
  const rewriting = await open(endpoint());
  const closed = new Promise<void>((resolve) => {
    answer = (response) => response.on('close', resolve);
  });
  const first = rewriting.rewrite({ modelId: null, text: 'first' });
  await expect.poll(() => asked.length).toBe(1);
  answer = reply(200, chat('second'));
  expect(await rewriting.rewrite({ modelId: null, text: 'second' })).toBe('second');
  expect(await first).toBeNull();
  await closed;
});

test('the key is on disk only as the keychain encrypts it, is there after a restart, and goes when it is removed', async () => {
  await (await open(endpoint())).setKey(KEY);
  const file = path.join(folder, 'key.bin');
  expect(await readFile(file, 'utf8')).not.toContain(KEY);
  const rewriting = await open(endpoint());
  expect(states.at(-1)).toEqual({ hasKey: true, isKeyKept: true });
  await rewriting.setKey(null);
  expect(states.at(-1)).toEqual({ hasKey: false, isKeyKept: false });
  expect(await nodeFiles.stat(file)).toBeNull();
});

test('the system asks before a program is started or a server gets prompts, and a key stays with its server', async () => {
  const questions: string[] = [];
  let agrees = false;
  const rewriting = await open(NO_REWRITER);
  const calls = rewritingCalls({
    desktop: {
      confirm: ({ message, detail }) => {
        questions.push(`${message} ${detail}`);
        return Promise.resolve(agrees);
      },
    },
    settings: {
      updateGuarded: (patch) => {
        settings = applyPatch(settings, patch);
        return Promise.resolve();
      },
    },
    rewriting,
  });
  expect(await calls.setRewriter(command('rm -r /'))).toBe(false);
  expect(await calls.setRewriter(endpoint({ address: 'https://evil.example' }))).toBe(false);
  expect(settings.rewriter).toEqual(NO_REWRITER);
  expect(questions[0]).toContain('rm -r /');
  expect(questions[1]).toContain('Your prompt is sent to evil.example');
  agrees = true;
  expect(await calls.setRewriter(endpoint())).toBe(true);
  expect(questions[2]).toContain('runs on this computer');
  await calls.setRewriterKey({ key: KEY });
  expect(await calls.setRewriter({ ...endpoint({ model: 'other' }), kind: 'off' })).toBe(true);
  expect(states.at(-1)).toMatchObject({ hasKey: true });
  expect(await calls.setRewriter(endpoint({ address: 'https://other.example' }))).toBe(true);
  expect(states.at(-1)).toMatchObject({ hasKey: false });
  expect(questions).toHaveLength(4);
});
