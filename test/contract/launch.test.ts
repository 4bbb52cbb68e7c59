// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';

test('loading the page formats nothing: the first use of Intl loads its language data, which takes 10 ms', async () => {
  const intl = [
    vi.spyOn(Intl.NumberFormat, 'supportedLocalesOf'),
    ...(['DateTimeFormat', 'NumberFormat', 'PluralRules', 'RelativeTimeFormat', 'Collator'] as const).map((name) =>
      vi.spyOn(Intl, name),
    ),
  ];
  await import('../../src/renderer/app/show-app');
  for (const spy of intl) expect(spy).not.toHaveBeenCalled();
});
