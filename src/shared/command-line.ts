/**
 * A command line as a program and its arguments. Quotes and backslashes work as in a POSIX shell; nothing is expanded,
 * because no shell reads it. Pure.
 */
export const COMMAND_LINE_PROBLEMS = ['empty', 'quote', 'shell', 'relative', 'control'] as const;
export type CommandLineProblem = (typeof COMMAND_LINE_PROBLEMS)[number];

export type CommandLine =
  | { readonly args: readonly [string, ...string[]] }
  /**
   * `quote`: one is not closed. `shell`: an operator of a shell, such as a pipe. `relative`: the program is neither an
   * absolute path nor a name to find in PATH. `control`: a line break, or another character that could make a dialog show
   * something else than what is started.
   */
  | { readonly problem: CommandLineProblem };

/** One at a time: text in single quotes, in double quotes, escaped, plain, a space between arguments, an operator. */
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\|&;<>()`$]+)|( +)|([|&;<>()`$])/y;

export function parseCommandLine(text: string): CommandLine {
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text)) return { problem: 'control' };
  const args: string[] = [];
  let current: string | null = null;
  const trimmed = text.trim();
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const match = PART.exec(trimmed);
    if (match === null) return { problem: 'quote' };
    const [, single, double, escaped, plain, space, operator] = match;
    if (operator !== undefined) return { problem: 'shell' };
    if (space === undefined) {
      current = (current ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
    } else if (current !== null) {
      args.push(current);
      current = null;
    }
  }
  if (current !== null) args.push(current);
  const [program, ...rest] = args;
  if (program === undefined || program === '') return { problem: 'empty' };
  const isRelative = program.startsWith('~') || (program.includes('/') && !program.startsWith('/'));
  return isRelative ? { problem: 'relative' } : { args: [program, ...rest] };
}
