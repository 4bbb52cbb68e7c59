/** The text of the notification for a finished or failed job. Pure. */
import { describeError } from '../../shared/errors';
import type { Job } from '../../shared/job';
import { mainCopy } from '../copy';

const MAX_CHARACTERS = 60;

/** The beginning of a prompt on one line, shortened at a word boundary. */
export function firstWords(prompt: string): string {
  const line = prompt.trim().replace(/\s+/g, ' ');
  const characters = Array.from(line);
  if (characters.length <= MAX_CHARACTERS) return line;
  const cut = characters.slice(0, MAX_CHARACTERS).join('');
  const lastSpace = cut.lastIndexOf(' ');
  return `${lastSpace > MAX_CHARACTERS / 2 ? cut.slice(0, lastSpace) : cut}…`;
}

/** Null if no notification is needed: the user canceled the job, or the app closed. */
export function notificationText({
  state,
  request,
}: Pick<Job, 'state' | 'request'>): { readonly title: string; readonly body: string } | null {
  const copy = mainCopy().notification;
  const prompt = firstWords(request.prompt);
  switch (state.status) {
    case 'finished':
      return { title: copy.ready({ count: state.videoIds.length }), body: prompt };
    case 'failed':
      return { title: copy.failed, body: copy.reason({ prompt, reason: describeError(state.error).message }) };
    case 'queued':
    case 'running':
    case 'canceling':
    case 'canceled':
    case 'interrupted':
      return null;
  }
}
