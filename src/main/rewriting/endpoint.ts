/** A server that answers like OpenAI's chat completions: Ollama, llama.cpp, LM Studio, vLLM and many others. */
import { z } from 'zod';
import { appError, SplitreelError, type AppError } from '../../shared/errors';
import { instructionFor, parseEndpoint, type PromptTarget } from '../../shared/rewriting';
import type { Web } from '../ports/web';

/** Room for the thoughts of a reasoning model. */
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_DETAILS = 2_000;

const answerSchema = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string().nullable() }) })]).rest(z.unknown()),
});

export interface EndpointRequest {
  readonly address: string;
  readonly model: string;
  readonly key: string | null;
  /** Null: our own. */
  readonly instruction: string | null;
  readonly target: PromptTarget;
  readonly text: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What the language model answers; null where it was canceled. */
export async function askEndpoint(web: Pick<Web, 'post'>, request: EndpointRequest): Promise<string | null> {
  const { model, key, timeoutMs, signal } = request;
  const endpoint = parseEndpoint(request.address);
  if (endpoint === null) throw new SplitreelError(appError('REWRITE_OFF'));
  const { url, host } = endpoint;
  const body = JSON.stringify({
    model,
    stream: false,
    messages: [
      { role: 'system', content: instructionFor(request.instruction, request.target) },
      { role: 'user', content: request.text },
    ],
  });
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
  };
  const outcome = await web.post(url, { headers, body, maxBytes: MAX_ANSWER_BYTES, timeoutMs, signal });
  switch (outcome.kind) {
    case 'canceled':
      return null;
    case 'timedOut':
      throw new SplitreelError(appError('REWRITE_TIMED_OUT', { limit: timeoutMs }));
    case 'tooLong':
      throw new SplitreelError(appError('REWRITE_ANSWER_TOO_LONG'));
    case 'unreachable':
      throw new SplitreelError(appError('REWRITE_UNREACHABLE', { host }, { details: outcome.problem }));
    case 'answered': {
      const content = contentOf(outcome.text);
      const isOk = outcome.status >= 200 && outcome.status < 300;
      if (isOk && content !== undefined) return content ?? '';
      // Some servers repeat the key that they refuse.
      const details = key === null ? outcome.text : outcome.text.replaceAll(key, '[key]');
      throw new SplitreelError(problemOf(outcome.status, host, model, details.slice(0, MAX_DETAILS)));
    }
  }
}

/** Undefined for what is no answer of such a server; null for one without text. */
function contentOf(text: string): string | null | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data?.choices[0].message.content;
  } catch {
    return undefined;
  }
}

function problemOf(status: number, host: string, name: string, details: string): AppError {
  if (status >= 300 && status < 400) return appError('REWRITE_REDIRECTED', { host }, { details });
  if (status === 401 || status === 403) return appError('REWRITE_KEY_REFUSED', { host }, { details });
  if (status === 404) return appError('REWRITE_MODEL_MISSING', { host, name }, { details });
  if (status >= 400 || status < 200) return appError('REWRITE_REFUSED', { host, status }, { details });
  return appError('REWRITE_ANSWER_INVALID', { host }, { details });
}
