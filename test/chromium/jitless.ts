/**
 * Imported before any schema is created, because the page's policy forbids the code generation that zod uses otherwise.
 */
import { config } from 'zod';

config({ jitless: true });
