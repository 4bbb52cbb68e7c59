import { useState } from 'react';
import { VARIANT_CHOICES } from '../../../shared/environment';
import { saveDiagnostics } from '../../state/diagnostics';
import { formatBytes, formatList } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { Confirm } from '../../ui/Dialog';
import { ErrorNote } from '../../ui/ErrorNote';
import page from '../../ui/page.module.css';
import { SelectField } from '../../ui/fields';
import { InstallFacts, InstallProgress } from '../stage';

const strings = copy.machine;
const install = (): void => void send(window.splitreel.installEnvironment());

/** The Python environment: what is installed, and the actions for it. */
export function EnvironmentSection() {
  const environment = useSlice('environment');
  const { status } = environment;
  return (
    <section className={page.section} aria-labelledby="environment-title">
      <div className={page.sectionHead}>
        <h2 id="environment-title">{strings.environment}</h2>
        <span className={page.quiet}>
          {formatList([
            strings.environmentStates[status],
            ...(status === 'ready' && environment.sizeBytes !== null ? [formatBytes(environment.sizeBytes)] : []),
          ])}
        </span>
      </div>
      {status === 'installing' && (
        <div className={page.narrow}>
          <InstallProgress progress={environment.progress} />
        </div>
      )}
      {(status === 'installing' || status === 'failed') && environment.hasWorkingSlot && (
        <p className={page.quiet}>{strings.keepsWorking}</p>
      )}
      {status === 'ready' && (
        <dl className={page.facts}>
          <dt>{strings.madeFor}</dt>
          <dd>{copy.install.variants[environment.variant]}</dd>
          {Object.entries(environment.versions).map(([name, version]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{version}</dd>
            </div>
          ))}
        </dl>
      )}
      {status === 'ready' && environment.isOutdated && <p>{strings.outdated}</p>}
      {status === 'failed' && <ErrorNote error={environment.error} onSaveDiagnostics={saveDiagnostics} />}
      {status !== 'installing' && status !== 'unknown' && (
        <>
          <VariantChoiceField />
          {(status !== 'ready' || environment.isOutdated) && <InstallFacts />}
        </>
      )}
      <EnvironmentActions />
    </section>
  );
}

function VariantChoiceField() {
  const { environmentVariant } = useSlice('settings');
  const environment = useSlice('environment');
  const machine = useSlice('machine');
  const isBehind =
    environment.status === 'ready' &&
    environment.variant === 'cpu' &&
    environmentVariant !== 'cpu' &&
    machine.gpus.length > 0 &&
    machine.problem === null;
  return (
    <div className={page.narrow}>
      <SelectField
        label={strings.packages}
        value={environmentVariant}
        choices={VARIANT_CHOICES.map((value) => ({ value, label: strings.packageChoices[value] }))}
        hint={isBehind ? strings.gpuIsThereNow : undefined}
        onChange={(value) => void send(window.splitreel.updateSettings({ environmentVariant: value }))}
      />
    </div>
  );
}

function EnvironmentActions() {
  const environment = useSlice('environment');
  const [isAsking, setIsAsking] = useState(false);
  const { status } = environment;
  const verb = {
    unknown: null,
    missing: strings.install,
    installing: null,
    failed: copy.errors.retry,
    ready: strings.repair,
  }[status];
  return (
    <div className={page.row}>
      {verb !== null && (
        <Button {...(status === 'ready' ? {} : { look: 'primary' as const })} onClick={install}>
          {status === 'ready' && environment.isOutdated ? strings.update : verb}
        </Button>
      )}
      {status === 'installing' && (
        <Button onClick={() => void send(window.splitreel.cancelInstall())}>{copy.install.cancel}</Button>
      )}
      {verb !== null && (
        <>
          <Button onClick={() => void send(window.splitreel.installFromFolder())}>{strings.fromFolder}</Button>
          <Button onClick={() => void send(window.splitreel.installFromArchive())}>{strings.fromArchive}</Button>
        </>
      )}
      {status === 'ready' && environment.previousSlot !== null && (
        <Button onClick={() => void send(window.splitreel.rollBackEnvironment())}>{strings.rollBack}</Button>
      )}
      {(status === 'ready' || status === 'failed') && (
        <Button look="danger" onClick={() => setIsAsking(true)}>
          {strings.remove}
        </Button>
      )}
      {isAsking && (
        <Confirm
          title={strings.removeTitle}
          text={strings.removeText}
          yes={strings.remove}
          onYes={() => void send(window.splitreel.removeEnvironment())}
          onClose={() => setIsAsking(false)}
        />
      )}
    </div>
  );
}

export function EngineSection() {
  const engine = useSlice('engine');
  const models = useSlice('models');
  const holds = models.find((model) => model.id === engine.modelId)?.name ?? engine.modelId;
  return (
    <section className={page.section} aria-labelledby="engine-title">
      <div className={page.sectionHead}>
        <h2 id="engine-title">{strings.engine}</h2>
        <span className={page.quiet}>{copy.engine.states[engine.status]}</span>
      </div>
      {engine.error !== null && <ErrorNote error={engine.error} />}
      <p className={page.quiet}>
        {holds === null ? strings.engineEmpty : strings.engineHolds({ model: holds, workers: engine.rankCount })}
      </p>
      <div className={page.row}>
        <Button disabled={engine.status !== 'warm'} onClick={() => void send(window.splitreel.unloadEngine())}>
          {strings.unload}
        </Button>
      </div>
    </section>
  );
}
