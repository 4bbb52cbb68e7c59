/** Names that can't be guessed and never repeat. */
export interface Random {
  readonly id: () => string;
}
