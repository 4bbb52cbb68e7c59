import { Play, ListPlus } from 'lucide-react';
import { useEffect, useRef, type RefObject } from 'react';
import { formatDuration } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { useCommands } from '../../state/commands';
import { useCompared } from '../../state/compare';
import type { ExpectedTime } from '../../state/draft';
import { stageHasFocus, useNavigation } from '../../state/navigation';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { focusRegion } from '../../ui/focus';
import { useShortcut } from '../../ui/use-shortcut';
import { Compare, CompareFacts } from '../compare';
import { MemoryFit, PlanPanel, torchrunLine } from '../plan';
import { ProgressPanel, QueueList, ResultsPanel, VideoPanel } from '../progress';
import { RecentResults, runningJob, Stage, useStageView } from '../stage';
import styles from './CreatePage.module.css';
import { AdvancedFields } from './AdvancedFields';
import { ModelField } from './ModelField';
import { ImageField, PromptField } from './PromptField';
import { useCreateForm, type CreateForm } from './use-create';
import { useUndoKeys } from './use-undo-keys';
import { VideoFields } from './VideoFields';

const NO_FORM_RATIO = 3 / 2;

export function CreatePage() {
  const form = useCreateForm();
  const jobs = useSlice('jobs');
  const view = useStageView();
  const compared = useCompared();
  const isBusy = jobs.some((job) => job.state.status === 'running' || job.state.status === 'queued');
  const ratio =
    form === null ? NO_FORM_RATIO : Math.max(form.draft.request.width, 1) / Math.max(form.draft.request.height, 1);

  const top = useStageFocus();
  useUndoKeys();
  useCommands('create', [
    {
      id: 'generate',
      label: isBusy ? copy.create.addToQueue : copy.create.generate,
      keys: copy.create.generateKeys,
      run: () => form?.generate(),
    },
  ]);
  useShortcut({
    inControls: true,
    match: (event) => (event.key === 'Enter' && (event.ctrlKey || event.metaKey) ? () => form?.generate() : null),
  });

  return (
    <div className={styles.page}>
      <aside className={styles.controls} aria-label={copy.create.controls}>
        {form === null ? (
          <p className={styles.scroll}>{copy.create.missing.model}</p>
        ) : (
          <Controls form={form} isBusy={isBusy} />
        )}
      </aside>
      <main className={styles.right}>
        <h1 className="visually-hidden">{copy.app.pages.create}</h1>
        <div ref={top} className={styles.top}>
          {compared === null ? (
            <Stage
              view={view}
              isJobRunning={runningJob(jobs) !== undefined}
              ratio={ratio}
              examples={form?.model?.examples ?? []}
              onExample={(prompt) => form?.generateExample(prompt)}
            />
          ) : (
            <Compare videos={compared} />
          )}
          <RecentResults view={view} />
        </div>
        <div className={styles.below}>
          <div className={styles.columns}>
            <div className={styles.work}>
              {compared !== null && <CompareFacts videos={compared} />}
              {compared === null && view.kind === 'video' && <VideoPanel video={view.video} />}
              {compared === null && view.kind === 'results' && <ResultsPanel job={view.job} videos={view.videos} />}
              <ProgressPanel />
              <p className={styles.idle}>{copy.progress.idle}</p>
            </div>
            <div className={styles.queue}>
              <QueueList />
            </div>
          </div>
        </div>
      </main>
    </div>
  );
}

/** The ref of the stage's container. */
function useStageFocus(): RefObject<HTMLDivElement | null> {
  const top = useRef<HTMLDivElement>(null);
  const { isStageFocused } = useNavigation();
  useEffect(() => {
    const stage = top.current?.querySelector('section') ?? null;
    if (!isStageFocused || stage === null) return;
    focusRegion(stage);
    stageHasFocus();
  }, [isStageFocused]);
  return top;
}

function generateText(isBusy: boolean, promptCount: number): string {
  const strings = copy.create;
  if (promptCount > 1)
    return isBusy ? strings.addManyToQueue({ count: promptCount }) : strings.generateMany({ count: promptCount });
  return isBusy ? strings.addToQueue : strings.generate;
}

function Controls({ form, isBusy }: { readonly form: CreateForm; readonly isBusy: boolean }) {
  const machine = useSlice('machine');
  const { hasOwnKernels } = useSlice('engine');
  const { ready, draft } = form;
  return (
    <>
      <div className={styles.scroll}>
        <PromptField form={form} />
        {ready?.shape.task === 'image-to-video' && <ImageField form={form} />}
        <ModelField form={form} />
        {ready !== null && (
          <>
            <section className={styles.group}>
              <VideoFields form={form} ready={ready} />
            </section>
            <PlanPanel
              plan={ready.plan}
              isAutomatic={draft.isPlanAutomatic}
              context={ready.context}
              measured={ready.measured}
              machine={machine}
              devices={form.devices}
              steps={draft.request}
              torchrun={torchrunLine(draft.request, ready.plan, ready.model.path ?? ready.model.id)}
              onChange={form.setPlan}
            />
            <MemoryFit
              memory={ready.memory}
              context={ready.context}
              request={draft.request}
              plan={ready.plan}
              devices={form.devices}
              hasOwnKernels={hasOwnKernels}
            />
            <AdvancedFields form={form} ready={ready} />
          </>
        )}
      </div>
      <div className={styles.submit}>
        <p
          id="generate-problem"
          className={classes(styles.problem, form.problems.length > 0 && styles.warn)}
          role="status"
        >
          {form.problems[0] ?? (form.expected === null ? '' : expectedText(form.expected))}
        </p>
        <Button
          look="primary"
          className={styles.generate}
          aria-describedby="generate-problem"
          disabled={form.problems.length > 0}
          onClick={form.generate}
        >
          {isBusy ? <ListPlus size={16} aria-hidden /> : <Play size={16} aria-hidden />}
          {generateText(isBusy, form.prompts?.length ?? 0)}
          <kbd className={styles.kbd}>{copy.create.generateKeys}</kbd>
        </Button>
      </div>
    </>
  );
}

function expectedText({ ms, isWhole }: ExpectedTime): string {
  const time = formatDuration(ms);
  return isWhole ? copy.create.expected({ time }) : copy.create.expectedDenoising({ time });
}
