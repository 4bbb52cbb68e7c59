import { useMemo, useState } from 'react';
import { formatDate } from '../../../shared/format';
import { adoptPrompt } from '../../state/adopt';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { PickList } from '../../ui/PickList';

const strings = copy.prompts;

export function HistoryDialog({ onClose }: { readonly onClose: () => void }) {
  const history = useSlice('promptHistory');
  const [activePrompt, setActivePrompt] = useState<string | null>(null);
  const active = activePrompt ?? history[0]?.prompt ?? null;
  // Formatting hundreds of dates takes longer than a frame.
  const items = useMemo(
    () =>
      history.map(({ prompt, usedAtMs, isList }) => ({
        id: prompt,
        text: prompt,
        detail: formatDate(usedAtMs),
        isList,
      })),
    [history],
  );
  const forget = (prompt: string | null): void => void send(window.splitreel.forgetPrompt({ prompt }));
  return (
    <Dialog
      width="list"
      title={strings.historyTitle}
      onClose={onClose}
      actions={
        <>
          <Button disabled={history.length === 0} onClick={() => forget(null)}>
            {strings.forgetAll}
          </Button>
          <Button disabled={active === null} onClick={() => forget(active)}>
            {strings.forget}
          </Button>
          <Button onClick={onClose}>{copy.app.close}</Button>
        </>
      }
    >
      <PickList
        label={strings.search}
        items={items}
        empty={history.length === 0 ? strings.noHistory : strings.nothingFound}
        onActive={(item) => setActivePrompt(item?.id ?? null)}
        onPick={({ id, isList }) => {
          adoptPrompt(id, isList);
          onClose();
        }}
      />
    </Dialog>
  );
}
