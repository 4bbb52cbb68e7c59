import path from 'node:path';
import type { Calls } from '../ipc/calls';
import type { Desktop } from '../ports/desktop';
import type { Files } from '../ports/files';
import type { SliceStore } from '../state/slice-store';
import { makeBundle } from './bundle';
import type { DoctorService } from './doctor';
import type { LogFile } from './log-file';

export interface DiagnosticsCallPorts {
  readonly desktop: Pick<Desktop, 'chooseSavePath' | 'openFolder'>;
  readonly doctor: DoctorService;
  readonly files: Files;
  readonly store: SliceStore;
  readonly log: LogFile;
  readonly logsFolder: string;
  readonly home: string;
}

export const diagnosticsCalls = ({
  desktop,
  doctor,
  files,
  store,
  log,
  logsFolder,
  home,
}: DiagnosticsCallPorts): Calls<'runDoctor' | 'saveDiagnostics' | 'readLogTail' | 'openLogsFolder'> => ({
  runDoctor: doctor.run,
  saveDiagnostics: async ({ includePrompts }) => {
    await log.flush();
    const { slices } = store.snapshot();
    const target = await desktop.chooseSavePath('diagnostics', path.join(home, 'splitreel-diagnostics.tar.gz'));
    if (target === null) return null;
    await files.writeAtomically(target, await makeBundle(files, { slices, logsFolder, home, includePrompts }));
    return target;
  },
  readLogTail: log.tail,
  openLogsFolder: () => desktop.openFolder(logsFolder),
});
