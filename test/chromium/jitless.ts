/** Before any schema is made: the page's policy allows no code from strings, which zod otherwise makes. */
import { config } from 'zod';

config({ jitless: true });
