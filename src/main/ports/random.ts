/** Names that nobody can guess and that never repeat. */
export interface Random {
  readonly id: () => string;
}
