import { AlertTriangle, CheckCircle2, Info } from 'lucide-react';
import { describeFinding, type Finding, type Fix } from '../../../shared/doctor';
import { goTo } from '../../state/navigation';
import { useSlice } from '../../state/projection';
import { send } from '../../state/send';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import styles from './MachinePage.module.css';

const strings = copy.machine.doctor;
const ICONS = { ok: CheckCircle2, note: Info, problem: AlertTriangle } as const;

const FIXES: Readonly<Record<Fix, () => void>> = {
  install: () => void send(window.splitreel.installEnvironment()),
  repair: () => void send(window.splitreel.installEnvironment()),
  driver: () => void send(window.splitreel.openLink({ link: 'driver' })),
  p2p_off: () => void send(window.splitreel.updateSettings({ isP2pOff: true })),
  p2p_on: () => void send(window.splitreel.updateSettings({ isP2pOff: false })),
  models: () => goTo('models'),
  storage: () => document.getElementById('storage-title')?.scrollIntoView(),
};

/** Runs the system check and has a button for each problem that the app can fix. */
export function DoctorSection() {
  const { status, findings } = useSlice('doctor');
  const { isP2pOff } = useSlice('settings');
  return (
    <section className={page.section} aria-labelledby="doctor-title">
      <div className={page.sectionHead}>
        <h2 id="doctor-title">{strings.title}</h2>
        <span className={page.quiet}>{strings.states[status]}</span>
        <span className={page.space} />
        <Button size="small" disabled={status === 'running'} onClick={() => void send(window.splitreel.runDoctor())}>
          {strings.run}
        </Button>
      </div>
      {isP2pOff && <p className={page.quiet}>{strings.p2pIsOff}</p>}
      {findings.length > 0 && (
        <ul className={styles.findings} aria-live="polite">
          {findings.map((finding, index) => (
            <FindingRow key={index} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

function FindingRow({ finding }: { readonly finding: Finding }) {
  const { status, topic, details, fix } = finding;
  const { text, action } = describeFinding(finding);
  const Icon = ICONS[status];
  return (
    <li className={styles.finding} data-status={status}>
      <Icon size={16} aria-label={strings.statuses[status]} />
      <span className={styles.findingText}>
        <strong>{strings.topics[topic]}</strong> {text}
        {action !== '' && <span className={page.quiet}> {action}</span>}
        {details !== null && <span className={styles.findingDetails}>{details}</span>}
      </span>
      {fix !== null && status !== 'ok' && (
        <Button size="small" onClick={FIXES[fix]}>
          {strings.fixes[fix]}
        </Button>
      )}
    </li>
  );
}
