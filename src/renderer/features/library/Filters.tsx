/** A button that opens all filters, and a chip for each active one. */
import { ChevronDown, ListFilter, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { PERIODS, PLAN_KINDS, SORTS, type LibraryFilter } from '../../../shared/library-view';
import type { LibraryVideo } from '../../../shared/library';
import { MAX_RATING } from '../../../shared/marks';
import type { ModelEntry } from '../../../shared/models';
import { QUALITIES } from '../../../shared/sampling';
import { allTags } from '../../state/marks';
import { useSlice } from '../../state/projection';
import { copy } from '../../copy';
import { Button } from '../../ui/Button';
import { classes } from '../../ui/classes';
import controls from '../../ui/controls.module.css';
import { SelectField, SwitchField, type Choice } from '../../ui/fields';
import { modelName } from '../video';
import { facetsOf } from './library-index';
import styles from './Filters.module.css';
import { changeFilter, clearFilters, setSort, useLibraryView } from './view';

const strings = copy.libraryView;
const MAX_TAG_BUTTONS = 24;

interface Chip {
  readonly label: string;
  readonly without: Partial<LibraryFilter>;
}

const sizeText = (size: string): string => size.replace('x', ' × ');
const planText = (plan: NonNullable<LibraryFilter['plan']>): string =>
  plan === 'one' || plan === 'several' ? strings.plans[plan] : strings.axis({ axis: copy.plan.axes[plan] });

/** Each active filter with the change that removes it. */
export function chipsOf(filter: LibraryFilter, models: readonly ModelEntry[]): readonly Chip[] {
  const { model, size, period, plan, quality, isFavorite, minRating, tags } = filter;
  return [
    ...(isFavorite ? [{ label: strings.favorites, without: { isFavorite: false } }] : []),
    ...(minRating === 0 ? [] : [{ label: strings.atLeast({ rating: minRating }), without: { minRating: 0 } }]),
    ...(model === null ? [] : [{ label: modelName(model, models), without: { model: null } }]),
    ...(size === null ? [] : [{ label: sizeText(size), without: { size: null } }]),
    ...(period === null ? [] : [{ label: strings.periods[period], without: { period: null } }]),
    ...(plan === null ? [] : [{ label: planText(plan), without: { plan: null } }]),
    ...(quality === null ? [] : [{ label: strings.qualities[quality], without: { quality: null } }]),
    ...tags.map((tag) => ({ label: tag, without: { tags: tags.filter((other) => other !== tag) } })),
  ];
}

export function SortField() {
  const { sort } = useLibraryView();
  return (
    <div className={classes(controls.selectBox, styles.sort)}>
      <select
        className={controls.select}
        aria-label={strings.sort}
        value={sort}
        onChange={(event) => {
          const chosen = SORTS.find((value) => value === event.target.value);
          if (chosen !== undefined) setSort(chosen);
        }}
      >
        {SORTS.map((value) => (
          <option key={value} value={value}>
            {strings.sorts[value]}
          </option>
        ))}
      </select>
      <ChevronDown size={14} aria-hidden />
    </div>
  );
}

export function FilterButton() {
  const { filter } = useLibraryView();
  const models = useSlice('models');
  const count = chipsOf(filter, models).length;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button aria-pressed={count > 0}>
          <ListFilter size={16} aria-hidden />
          {strings.filters({ count })}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles.popover}
          aria-label={strings.filter}
          align="end"
          sideOffset={6}
          collisionPadding={12}
        >
          <Fields filter={filter} models={models} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const NONE = '';

/** A list whose first entry means no filter. */
function Choose<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  readonly label: string;
  readonly value: T | null;
  readonly choices: readonly Choice<T>[];
  readonly onChange: (value: T | null) => void;
}) {
  return (
    <SelectField<T | ''>
      label={label}
      value={value ?? NONE}
      choices={[{ value: NONE, label: strings.any }, ...choices]}
      onChange={(chosen) => onChange(chosen === NONE ? null : chosen)}
    />
  );
}

/** Collected while the popover is open. The current choice stays listed even if no video has it anymore. */
function Fields({ filter, models }: { readonly filter: LibraryFilter; readonly models: readonly ModelEntry[] }) {
  const library = useSlice('library');
  const { axes, ...facets } = facetsOf(library);
  const withChosen = (values: readonly string[], chosen: string | null): readonly string[] =>
    chosen === null || values.includes(chosen) ? values : [...values, chosen];
  const plans = PLAN_KINDS.filter(
    (kind) => kind === 'one' || kind === 'several' || axes.includes(kind) || kind === filter.plan,
  );
  return (
    <div className={styles.fields}>
      <SwitchField
        label={strings.favorites}
        isOn={filter.isFavorite}
        onChange={(isFavorite) => changeFilter({ isFavorite })}
      />
      <div className={styles.grid}>
        <Choose
          label={strings.minRating}
          value={filter.minRating === 0 ? null : String(filter.minRating)}
          choices={ratingChoices()}
          onChange={(rating) => changeFilter({ minRating: Number(rating ?? 0) })}
        />
        <Choose
          label={strings.period}
          value={filter.period}
          choices={PERIODS.map((value) => ({ value, label: strings.periods[value] }))}
          onChange={(period) => changeFilter({ period })}
        />
        <Choose
          label={strings.model}
          value={filter.model}
          choices={withChosen(facets.models, filter.model).map((value) => ({ value, label: modelName(value, models) }))}
          onChange={(model) => changeFilter({ model })}
        />
        <Choose
          label={strings.size}
          value={filter.size}
          choices={withChosen(facets.sizes, filter.size).map((value) => ({ value, label: sizeText(value) }))}
          onChange={(size) => changeFilter({ size })}
        />
        <Choose
          label={strings.plan}
          value={filter.plan}
          choices={plans.map((value) => ({ value, label: planText(value) }))}
          onChange={(plan) => changeFilter({ plan })}
        />
        <Choose
          label={strings.quality}
          value={filter.quality}
          choices={QUALITIES.map((value) => ({ value, label: strings.qualities[value] }))}
          onChange={(quality) => changeFilter({ quality })}
        />
      </div>
      <Tags library={library} chosen={filter.tags} />
    </div>
  );
}

/** Not a constant: writing the first message loads the language data of Intl, which would delay the launch. */
const ratingChoices = (): readonly Choice<string>[] =>
  Array.from({ length: MAX_RATING }, (_, index) => MAX_RATING - index).map((rating) => ({
    value: String(rating),
    label: strings.atLeast({ rating }),
  }));

function Tags({ library, chosen }: { readonly library: readonly LibraryVideo[]; readonly chosen: readonly string[] }) {
  const all = [...new Set([...chosen, ...allTags(library)])].slice(0, MAX_TAG_BUTTONS);
  if (all.length === 0) return null;
  return (
    <fieldset className={styles.tags}>
      <legend>{copy.videos.tags}</legend>
      {all.map((tag) => {
        const isChosen = chosen.includes(tag);
        return (
          <Button
            key={tag}
            size="small"
            className={styles.tag}
            aria-pressed={isChosen}
            onClick={() =>
              changeFilter({ tags: isChosen ? chosen.filter((other) => other !== tag) : [...chosen, tag] })
            }
          >
            {tag}
          </Button>
        );
      })}
    </fieldset>
  );
}

export function FilterChips({ found, count }: { readonly found: number; readonly count: number }) {
  const { filter } = useLibraryView();
  const chips = chipsOf(filter, useSlice('models'));
  if (chips.length === 0) return null;
  return (
    <div className={styles.chips} role="group" aria-label={strings.active}>
      {chips.map(({ label, without }) => (
        <Button
          key={label}
          size="small"
          className={styles.chip}
          aria-label={strings.removeFilter({ filter: label })}
          title={strings.removeFilter({ filter: label })}
          onClick={() => changeFilter(without)}
        >
          {label}
          <X size={12} aria-hidden />
        </Button>
      ))}
      <Button size="small" look="plain" onClick={clearFilters}>
        {strings.clear}
      </Button>
      <span className={styles.found} role="status">
        {strings.found({ found, count })}
      </span>
    </div>
  );
}
