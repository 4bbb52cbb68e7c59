/** Several prompts in one text: one on each line, and groups of alternatives such as `a {red|blue} ball`. Pure. */

/** Jobs that one press may queue: enough for a night, but not so many that it must be a mistake. */
export const MAX_JOBS_AT_ONCE = 100;

/** The innermost group of alternatives. Braces without a bar are ordinary text. */
const GROUP = /\{([^{}|]*\|[^{}]*)\}/;

/** Null for more than the limit. */
function expandGroups(prompt: string): readonly string[] | null {
  const done: string[] = [];
  const open = [prompt];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = GROUP.exec(next);
    if (group === null) {
      done.push(next.trim());
    } else {
      const [whole, alternatives = ''] = group;
      const [head, tail] = [next.slice(0, group.index), next.slice(group.index + whole.length)];
      // In reverse, because the last one pushed is expanded first.
      for (const each of alternatives.split('|').reverse()) open.push(`${head}${each}${tail}`);
    }
    if (done.length + open.length > MAX_JOBS_AT_ONCE) return null;
  }
  return done;
}

/**
 * The prompts in a text, trimmed, in order and without duplicates; null for more than can be queued at once. A text
 * without any, such as an empty one, is returned as it is, so that the usual check of a prompt reports it.
 */
export function expandPrompts(text: string, isList: boolean): readonly string[] | null {
  const prompts = new Set<string>();
  for (const line of isList ? text.split(/\r?\n/) : [text]) {
    const expanded = expandGroups(line);
    if (expanded === null) return null;
    for (const prompt of expanded) if (prompt !== '') prompts.add(prompt);
    if (prompts.size > MAX_JOBS_AT_ONCE) return null;
  }
  return prompts.size === 0 ? [text.trim()] : [...prompts];
}

/** Whether a text has several lines, and so could be a list. */
export const hasLines = (text: string): boolean => text.trim().includes('\n');
