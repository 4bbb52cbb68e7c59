import { ClipboardCopy } from 'lucide-react';
import type { LibraryVideo } from '../../../shared/library';
import { useSlice } from '../../state/projection';
import { copyText } from '../../state/copy-text';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import page from '../../ui/page.module.css';
import { factGroups, factsAsText } from './facts';
import type { KnownReport } from './report';
import styles from './Video.module.css';

interface VideoFactsProps {
  readonly video: LibraryVideo;
  readonly report: KnownReport | null;
}

export function VideoFacts({ video, report }: VideoFactsProps) {
  const groups = factGroups(video, report, useSlice('models'));
  return (
    <section className={styles.allFacts} aria-label={copy.facts.title}>
      <div className={styles.groups}>
        {groups.map(({ title, facts }) => (
          <div key={title} className={styles.group}>
            <h2 className={styles.groupTitle}>{title}</h2>
            <dl className={page.facts}>
              {facts.flatMap(([label, value]) => [
                <dt key={label}>{label}</dt>,
                <dd key={`${label}=`} dir="auto">
                  {value}
                </dd>,
              ])}
            </dl>
          </div>
        ))}
      </div>
      <Button size="small" className={styles.copyFacts} onClick={() => copyText(factsAsText(groups))}>
        <ClipboardCopy size={14} aria-hidden />
        {copy.facts.copy}
      </Button>
    </section>
  );
}
