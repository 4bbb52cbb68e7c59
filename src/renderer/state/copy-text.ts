import { copy } from '../copy';
import { send, showToast } from './send';

export function copyText(text: string): void {
  void send(window.splitreel.copyText({ text })).then((done) => {
    if (done !== null) showToast(copy.videos.copied);
  });
}
