/** One protection, how to remove it, and the test that must fail without it. */
export interface Mutation {
  /** Of docs/security.md by number, or of docs/faults.md by its words. */
  readonly row: string;
  /** What is removed. */
  readonly without: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly test: readonly ['vitest' | 'pytest' | 'e2e', ...string[]];
}
