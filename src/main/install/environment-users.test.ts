import { expect, test } from 'vitest';
import { refuseWhileUsed } from './environment-users';

const record = (pid: number, commandLine: string) => ({ pid, parentPid: 1, startTime: '1', commandLine });
const refuse = (...running: ReturnType<typeof record>[]): Promise<void> =>
  refuseWhileUsed({ tree: () => Promise.resolve(running) }, '/data/environment', 7);

test('an engine or a command that runs from the environment is named by its process id', async () => {
  const engine = record(8, '/data/environment/slots/one/bin/python -I /app/python serve');
  const command = record(9, '/data/environment/slots/two/bin/python -I /app/python generate --prompt secret');
  await expect(refuse(engine, command)).rejects.toMatchObject({
    error: { code: 'ENVIRONMENT_IN_USE', details: 'process 8, process 9' },
  });
});

test.each([
  ['this process', record(7, '/data/environment/slots/one/bin/python')],
  ['another environment', record(8, '/data/environment-2/slots/one/bin/python')],
  ['a program that only names the folder', record(8, 'ls /data/environment/slots/one')],
])('%s does not count', async (_name, running) => {
  await expect(refuse(running)).resolves.toBeUndefined();
});
