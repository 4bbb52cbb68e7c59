/** Ways by which another program could get into the app; a packaged app does not start with them. */
const DOORS = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'inspect',
  'inspect-brk',
  'inspect-port',
  'js-flags',
];

export function debugDoorIn(argv: readonly string[]): string | null {
  return (
    DOORS.find((door) => argv.some((argument) => argument === `--${door}` || argument.startsWith(`--${door}=`))) ?? null
  );
}
