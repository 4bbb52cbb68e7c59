import type { GuestVideo } from '../../../shared/library';
import { copy } from '../../copy';
import { letterOf } from './Compare';
import styles from './Compare.module.css';
import { differences } from './differences';

const strings = copy.compare;

/** The settings that differ, and nothing else. */
export function CompareFacts({ videos }: { readonly videos: readonly GuestVideo[] }) {
  const found = differences(videos);
  if (videos.length < 2) return null;
  return (
    <section className={styles.facts} aria-label={strings.differences}>
      {found.length === 0 ? (
        <p className={styles.same}>{strings.same}</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{strings.setting}</th>
              {videos.map(({ id }, index) => (
                <th key={id} scope="col">
                  {letterOf(index)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.map(({ label, values }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {values.map((value, index) => (
                  <td key={letterOf(index)} dir="auto" title={value}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
