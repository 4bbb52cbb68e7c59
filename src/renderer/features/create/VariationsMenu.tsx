import { DropdownMenu } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { formatDuration, formatList } from '../../../shared/format';
import { useSlice } from '../../state/projection';
import { rollSeed } from '../../state/draft';
import { copy } from '../../copy';
import menu from '../../ui/menu.module.css';
import type { CreateForm, ReadyModel } from './use-create';
import { variationsOf, type Variation } from './variations';

const strings = copy.variations;

/** Each entry shows how many jobs it queues and, if measured, how long they take. */
function detailOf({ id, requests, timeMs }: Variation): string {
  const [first] = requests;
  const parts = [
    ...(id === 'drafts' && first !== undefined ? [strings.draftSteps({ steps: first.numInferenceSteps })] : []),
    ...(requests.length > 1 ? [copy.queue.jobs({ count: requests.length })] : []),
    timeMs === null ? strings.unmeasured : strings.about({ time: formatDuration(timeMs) }),
  ];
  return formatList(parts);
}

export function VariationsMenu({ form, children }: { readonly form: CreateForm; readonly children: ReactNode }) {
  const [container, setContainer] = useState<HTMLElement | null>(null);
  return (
    // Not modal: a modal menu injects a style, which the content security policy refuses.
    <DropdownMenu.Root
      modal={false}
      onOpenChange={(isOpen) => {
        // Inside the form's landmark, so that a screen reader finds it there.
        if (isOpen) setContainer(document.querySelector('aside'));
      }}
    >
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={container}>
        <DropdownMenu.Content className={menu.menu} align="start" sideOffset={4} collisionPadding={8}>
          {form.ready !== null && <Items form={form} ready={form.ready} />}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** Computed only while the menu is open: two of them search the plans of all devices. */
function Items({ form, ready }: { readonly form: CreateForm; readonly ready: ReadyModel }) {
  const measurements = useSlice('measurements');
  const { devices, draft } = form;
  const variations = variationsOf({
    shape: ready.shape,
    request: draft.request,
    devices,
    measurements,
    prompts: form.prompts ?? [],
    chosenPlan: draft.isPlanAutomatic ? null : ready.plan,
    rollSeed,
  });
  return variations.map((variation) => (
    <DropdownMenu.Item
      key={variation.id}
      className={menu.item}
      disabled={form.problems.length > 0}
      onSelect={() => form.enqueue(variation.requests, variation.plan)}
    >
      <span>{variation.label}</span>
      <span className={menu.detail}>{detailOf(variation)}</span>
    </DropdownMenu.Item>
  ));
}
