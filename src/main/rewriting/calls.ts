import { parseEndpoint, type Rewriter } from '../../shared/rewriting';
import { mainCopy } from '../copy';
import type { Calls } from '../ipc/calls';
import type { Desktop, Question } from '../ports/desktop';
import type { SettingsService } from '../settings/settings';
import type { Rewriting } from './rewriting';

export interface RewritingCallPorts {
  readonly desktop: Pick<Desktop, 'confirm'>;
  readonly settings: Pick<SettingsService, 'updateGuarded'>;
  readonly rewriting: Rewriting;
}

type RewritingCall = 'setRewriter' | 'setRewriterKey' | 'rewritePrompt' | 'cancelRewrite';

export const rewritingCalls = ({ desktop, settings, rewriting }: RewritingCallPorts): Calls<RewritingCall> => ({
  setRewriter: async (rewriter) => {
    const question = questionOf(rewriter);
    if (question !== null && !(await desktop.confirm(question))) return false;
    rewriting.cancel();
    await rewriting.forgetKeyUnlessFor(rewriter);
    await settings.updateGuarded({ rewriter });
    return true;
  },
  setRewriterKey: ({ key }) => rewriting.setKey(key),
  rewritePrompt: rewriting.rewrite,
  cancelRewrite: rewriting.cancel,
});

/** A page that was taken over must not start programs or send prompts away, so the system asks. */
function questionOf({ kind, command, address }: Rewriter): Question | null {
  const copy = mainCopy().rewriter;
  const endpoint = kind === 'endpoint' ? parseEndpoint(address) : null;
  if (endpoint !== null) {
    const { message, localDetail, remoteDetail, action } = copy.endpoint;
    const { host, isLoopback } = endpoint;
    return { message: message({ host }), detail: isLoopback ? localDetail : remoteDetail({ host }), action };
  }
  if (kind !== 'command') return null;
  return { message: copy.command.message, detail: copy.command.detail({ command }), action: copy.command.action };
}
