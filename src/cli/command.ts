export interface Command {
  /** As in `npm run NAME`. */
  readonly name: string;
  readonly summary: string;
  /** Returns an exit code: 0 done, 2 invalid arguments, the others as in resources/messages.en.json. */
  readonly run: (args: readonly string[]) => Promise<number>;
}
