/** Rewriters for the specs: a server and a program that answer with one of the demo model's sentences. */
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ElectronApplication } from '@playwright/test';

export const REWRITTEN =
  'A small red ball rolls slowly to the right on a plain blue background, while the camera stays still and soft light falls from the left.';

export interface RewritingServer {
  readonly address: string;
  /** The header that carries the key, and the prompt, of each request. */
  readonly requests: readonly { readonly key: string | undefined; readonly prompt: string }[];
  readonly close: () => Promise<void>;
}

export async function startServer(): Promise<RewritingServer> {
  const requests: { key: string | undefined; prompt: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { content: string }[] };
      requests.push({ key: request.headers.authorization, prompt: messages.at(-1)?.content ?? '' });
      response.end(JSON.stringify({ choices: [{ message: { content: REWRITTEN } }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** Writes a program that runs these lines of shell. */
export function writeProgram(folder: string, lines: string): string {
  const file = path.join(folder, 'rewrite-prompt');
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Playwright can't click the system's dialog, so this accepts and records its question. */
export async function agreeToQuestions(app: ElectronApplication): Promise<() => Promise<readonly string[]>> {
  await app.evaluate(({ dialog }) => {
    const questions: string[] = [];
    Reflect.set(globalThis, 'questions', questions);
    dialog.showMessageBox = (...args: unknown[]) => {
      const { message, detail } = args.at(-1) as { message: string; detail: string };
      questions.push(`${message}\n${detail}`);
      return Promise.resolve({ response: 1, checkboxChecked: false });
    };
  });
  return () => app.evaluate(() => Reflect.get(globalThis, 'questions') as string[]);
}
