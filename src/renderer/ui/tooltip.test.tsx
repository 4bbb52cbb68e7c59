/** Where tooltips are rendered. */
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { IconButton } from './Button';
import { TooltipProvider } from './Tooltip';

test.each(['dialog', 'main', 'aside'] as const)('a tooltip is inside the %s of its button', async (Container) => {
  render(
    <TooltipProvider>
      <Container open>
        <IconButton label="Play">icon</IconButton>
      </Container>
    </TooltipProvider>,
  );
  await userEvent.setup().tab();
  const tooltip = await screen.findByRole('tooltip');
  expect(tooltip).toHaveTextContent('Play');
  expect(tooltip.closest(Container)).not.toBeNull();
});
