/** One protection, how to remove it, and the test that must fail without it. */
export interface Mutation {
  /** A row of docs/security.md by number, or of docs/faults.md by name. */
  readonly row: string;
  /** What is removed. */
  readonly without: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly test: readonly ['vitest' | 'pytest' | 'e2e', ...string[]];
}
