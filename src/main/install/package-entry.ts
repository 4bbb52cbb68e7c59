/**
 * Arguments with which any Python runs the package in `pythonFolder`; a command follows.
 *
 * The folder is passed to each process rather than written into the environment, so that several checkouts can share
 * one environment and each runs its own code. -I keeps the user's variables and site-packages out.
 */
export const packageEntry = (pythonFolder: string): readonly string[] => ['-I', pythonFolder];
