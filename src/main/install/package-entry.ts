/**
 * Arguments that make any Python run the package in `pythonFolder`; a command follows.
 *
 * The folder is named to each process instead of being written into the environment: several checkouts share one
 * environment, and each runs its own code. -I keeps the user's variables and site-packages out.
 */
export const packageEntry = (pythonFolder: string): readonly string[] => ['-I', pythonFolder];
