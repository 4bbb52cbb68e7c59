/** `npm run generate -- FLAGS`: the engine without a window. */
import { runSplitreel } from './environment';

process.exitCode = await runSplitreel('generate', process.argv.slice(2));
