/** Which denoising steps the fast quality computes. Pure; the same rule as python/splitreel/rules/step_schedule.py. */

/** The first steps form the video's structure, and the last ones its details. */
const FIRST_PART = 12;
const LEAST_FIRST = 2;
const LAST = 2;
/** Between them, one step out of this many is computed. */
const INTERVAL = 3;

/** Whether each step is computed. The first two and the last two always are. */
export function computedSteps(steps: number): boolean[] {
  const first = Math.max(LEAST_FIRST, Math.floor(steps / FIRST_PART));
  return Array.from(
    { length: steps },
    (_, step) => step < first || step >= steps - LAST || (step - first) % INTERVAL === INTERVAL - 1,
  );
}

/** Of the first `completed` steps, how many were computed. */
export const computedOf = (steps: number, completed: number): number =>
  computedSteps(steps).slice(0, completed).filter(Boolean).length;
