import { Play, ListPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ModelEntry } from '../../../shared/models';
import { useSlice } from '../../state/projection';
import { goTo } from '../../state/navigation';
import { copy } from '../../copy/en';
import { Button } from '../../ui/Button';
import { ErrorNote } from '../../ui/ErrorNote';
import { SelectField } from '../../ui/fields';
import { useShortcut } from '../../ui/use-shortcut';
import { MemoryFit, PlanPanel, torchrunLine } from '../plan';
import { ProgressPanel, QueueList, ResultsPanel, VideoPanel } from '../progress';
import { RecentResults, runningJob, Stage, useStageView } from '../stage';
import styles from './CreatePage.module.css';
import { ImageField, PromptField } from './PromptField';
import { useCreateForm, type CreateForm } from './use-create';
import { AdvancedFields, VideoFields } from './VideoFields';

const NO_FORM_RATIO = 3 / 2;

export function CreatePage() {
  const form = useCreateForm();
  const jobs = useSlice('jobs');
  const view = useStageView();
  const isBusy = jobs.some((job) => job.state.status === 'running' || job.state.status === 'queued');
  const ratio =
    form === null ? NO_FORM_RATIO : Math.max(form.draft.request.width, 1) / Math.max(form.draft.request.height, 1);

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
        <Stage
          view={view}
          isJobRunning={runningJob(jobs) !== undefined}
          ratio={ratio}
          examples={form?.model.examples ?? []}
          onExample={(prompt) => form?.setRequest({ prompt })}
        />
        <RecentResults view={view} />
        <div className={styles.below}>
          {view.kind === 'video' && <VideoPanel video={view.video} />}
          {view.kind === 'results' && <ResultsPanel job={view.job} />}
          <ProgressPanel />
          <QueueList />
          <p className={styles.idle}>{copy.progress.idle}</p>
        </div>
      </main>
    </div>
  );
}

/** What can be used, and what cannot for a reason that is worth seeing; what is yet to be fetched is on Models. */
const isListed = ({ state }: ModelEntry): boolean => state.status !== 'absent';

function Controls({ form, isBusy }: { readonly form: CreateForm; readonly isBusy: boolean }) {
  const machine = useSlice('machine');
  const { ready, model, models, draft } = form;
  return (
    <>
      <div className={styles.scroll}>
        <PromptField form={form} />
        {ready?.shape.task === 'image-to-video' && <ImageField form={form} />}
        <ModelSection form={form}>
          <SelectField
            label={copy.create.model}
            value={model.id}
            choices={models.filter(isListed).map((entry) => ({
              value: entry.id,
              label: entry.name,
              isDisabled: entry.state.status !== 'ready',
            }))}
            hint={model.description}
            onChange={(id) => {
              const chosen = models.find((entry) => entry.id === id);
              if (chosen !== undefined) form.setModel(chosen);
            }}
          />
        </ModelSection>
        {ready !== null && (
          <>
            <section className={styles.group}>
              <VideoFields form={form} shape={ready.shape} />
            </section>
            <PlanPanel
              plan={ready.plan}
              isAutomatic={draft.isPlanAutomatic}
              context={ready.context}
              measured={ready.measured}
              machine={machine}
              devices={form.devices}
              steps={draft.request}
              torchrun={torchrunLine(draft.request, ready.plan, model.path ?? model.id)}
              onChange={form.setPlan}
            />
            <MemoryFit
              memory={ready.memory}
              context={ready.context}
              request={draft.request}
              plan={ready.plan}
              devices={form.devices}
            />
            <AdvancedFields form={form} shape={ready.shape} />
          </>
        )}
      </div>
      <div className={styles.submit}>
        <p id="generate-problem" className={styles.problem} role="status">
          {form.problems[0] ?? ''}
        </p>
        <Button
          look="primary"
          className={styles.generate}
          aria-describedby="generate-problem"
          disabled={form.problems.length > 0}
          onClick={form.generate}
        >
          {isBusy ? <ListPlus size={16} aria-hidden /> : <Play size={16} aria-hidden />}
          {isBusy ? copy.create.addToQueue : copy.create.generate}
          <kbd className={styles.kbd}>{copy.create.generateKeys}</kbd>
        </Button>
      </div>
    </>
  );
}

function ModelSection({ form, children }: { readonly form: CreateForm; readonly children: ReactNode }) {
  const { model } = form;
  return (
    <section className={styles.group}>
      {children}
      {model.source === 'builtin' && (
        <Button size="small" look="plain" className={styles.link} onClick={() => goTo('models')}>
          {copy.create.realModels}
        </Button>
      )}
      {model.state.status === 'broken' && <ErrorNote error={model.state.error} />}
      {model.state.status === 'checking' && <p className={styles.quiet}>{copy.create.modelChecking}</p>}
      {model.state.status === 'absent' && <p className={styles.quiet}>{copy.create.modelAbsent}</p>}
    </section>
  );
}
