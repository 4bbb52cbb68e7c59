/** The actions for a model: as buttons on its card and in the card's context menu. */
import { useState, type ReactNode } from 'react';
import { formatBytes } from '../../../shared/format';
import type { ModelEntry } from '../../../shared/models';
import { adoptModel } from '../../state/adopt';
import { useDraftModelId } from '../../state/draft';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import type { MenuEntry } from '../../ui/Menu';
import { DownloadDialog } from './DownloadDialog';
import styles from './ModelsPage.module.css';

const strings = copy.models;

interface ModelAction {
  readonly label: string;
  /** The most common action. */
  readonly isMain: boolean;
  readonly isDisabled: boolean;
  readonly isDanger: boolean;
  readonly run: () => void;
}

type Question = 'download' | 'forget' | 'remove';

const action = (label: string, run: () => void, more: Partial<ModelAction> = {}): ModelAction => ({
  label,
  isMain: false,
  isDisabled: false,
  isDanger: false,
  run,
  ...more,
});

/** The actions, and the confirmation that one of them needs. */
export function useModelActions(
  model: ModelEntry,
  isBusy: boolean,
): { readonly actions: readonly ModelAction[]; readonly dialog: ReactNode } {
  const [asking, setAsking] = useState<Question | null>(null);
  const isInUse = useDraftModelId() === model.id;
  return {
    actions: actionsOf(model, { isBusy, isInUse, ask: setAsking }),
    dialog: asking === null ? null : <Confirmation model={model} question={asking} onClose={() => setAsking(null)} />,
  };
}

interface ActionContext {
  readonly isBusy: boolean;
  readonly isInUse: boolean;
  readonly ask: (question: Question) => void;
}

function actionsOf(model: ModelEntry, { isBusy, isInUse, ask }: ActionContext): readonly ModelAction[] {
  const { id: modelId, state, offer, files } = model;
  const isOnDisk = files !== null && files.location !== 'app' && !isBusy;
  const canRecheck = (files?.location === 'app' || state.status === 'broken') && !isBusy;
  return [
    ...(state.status === 'ready'
      ? [action(isInUse ? strings.inUse : strings.use, () => adoptModel(model), { isMain: true, isDisabled: isInUse })]
      : []),
    ...(offer !== null && state.status === 'absent' && !isBusy
      ? [action(strings.download, () => ask('download'), { isMain: true })]
      : []),
    ...(offer === null ? [] : [action(strings.page, () => void send(window.splitreel.openModelPage({ modelId })))]),
    ...(isOnDisk
      ? [
          action(strings.show, () => void send(window.splitreel.showModelInFolder({ modelId }))),
          action(strings.verify, () => void send(window.splitreel.verifyModel({ modelId }))),
        ]
      : []),
    ...(canRecheck ? [action(strings.recheck, () => void send(window.splitreel.recheckModel({ modelId })))] : []),
    ...(files?.location === 'folder' && !isBusy
      ? [action(strings.forget, () => ask('forget'), { isDanger: true })]
      : []),
    ...(files?.location === 'models' && !isBusy
      ? [action(strings.remove, () => ask('remove'), { isDanger: true })]
      : []),
  ];
}

export const menuEntries = (actions: readonly ModelAction[]): readonly MenuEntry[] =>
  actions.map(({ isMain: _, ...entry }) => ({ kind: 'item', ...entry }));

export const ModelButtons = ({ actions }: { readonly actions: readonly ModelAction[] }) => (
  <div className={styles.actions}>
    {actions.map(({ label, isMain, isDisabled, run }) => (
      <Button key={label} {...(isMain ? {} : { look: 'plain' })} disabled={isDisabled} onClick={run}>
        {label}
      </Button>
    ))}
  </div>
);

interface ConfirmationProps {
  readonly model: ModelEntry;
  readonly question: Question;
  readonly onClose: () => void;
}

function Confirmation({ model, question, onClose }: ConfirmationProps) {
  const modelId = model.id;
  const size = formatBytes(model.sizeBytes ?? 0);
  switch (question) {
    case 'download':
      return <DownloadDialog model={model} onClose={onClose} />;
    case 'forget':
      return (
        <Confirm
          title={strings.forgetTitle}
          text={strings.forgetText}
          yes={strings.forget}
          onYes={() => void send(window.splitreel.forgetModel({ modelId }))}
          onClose={onClose}
        />
      );
    case 'remove':
      return (
        <Confirm
          title={strings.removeTitle({ name: model.name })}
          text={strings.removeText({ size, folder: model.path ?? '' })}
          yes={strings.removeYes({ size })}
          onYes={() => void send(window.splitreel.removeModel({ modelId }))}
          onClose={onClose}
        />
      );
  }
}
