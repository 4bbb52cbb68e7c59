/** Splitreel's command line: `tsx src/cli/main.ts COMMAND`, which `npm run COMMAND` calls. */
import { bench } from './bench';
import { bundle } from './bundle';
import type { Command } from './command';
import { doctor } from './doctor';
import { environment } from './environment';
import { exportVideo } from './export';
import { generate } from './generate';
import { joinVideos } from './join';
import { print, reportErrors } from './terminal';

const COMMANDS: readonly Command[] = [generate, exportVideo, joinVideos, doctor, environment, bundle, bench];

async function main([name, ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return reportErrors(() => command.run(args));
  print('npm run COMMAND -- ARGUMENTS\n');
  for (const each of COMMANDS) print(`  ${each.name.padEnd(12)} ${each.summary}`);
  return name === undefined || name === '--help' ? 0 : 2;
}

process.exitCode = await main(process.argv.slice(2));
