/** `npm run doctor`: what is wrong with driver, GPUs, environment, disk and models, and what to do. */
import { runSplitreel } from './environment';

process.exitCode = await runSplitreel('doctor', process.argv.slice(2));
