/** Whether the system asks for reduced motion; then videos don't start by themselves. */
export const isMotionReduced = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
