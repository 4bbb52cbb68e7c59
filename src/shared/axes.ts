/** The ways of dividing work, in the order in which ranks are numbered: dp outermost and tp innermost. */
export const AXES = ['dp', 'cfg', 'pp', 'ring', 'ulysses', 'tp'] as const;
export type Axis = (typeof AXES)[number];
