/** The environment variables of child processes: allowlists, so that nothing from the user's shell leaks in. */
import groups from '../../../resources/process-environment.json';
import { P2P_DISABLE, PROCESS_SETTINGS } from '../../shared/variables';

export type Environ = Readonly<Record<string, string | undefined>>;
export type VariableGroup = keyof typeof groups;

/** The variables of these groups. resources/process-environment.json is the only list; the Python side reads it too. */
export function pick(env: Environ, ...names: readonly VariableGroup[]): Record<string, string> {
  return Object.fromEntries(
    names
      .flatMap((name) => groups[name])
      .flatMap((name) => {
        const value = env[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
  );
}

/** Set when the user accepts the doctor's proposal. */
export const linkSwitches = ({ isP2pOff }: { readonly isP2pOff: boolean }): Record<string, string> =>
  isP2pOff ? { [P2P_DISABLE]: '1' } : {};

export const workerEnvironment = (env: Environ): Record<string, string> => ({
  ...pick(env, 'base', 'models', 'devices', 'threads', 'linkSwitches'),
  ...PROCESS_SETTINGS,
});
