import { Foundation } from './0001-foundation.ts';
import { Messages } from './0002-messages.ts';

/** In the order in which they run. A migration that was released is never changed: the next one corrects it. */
export const ALL_MIGRATIONS = [
  { name: '0001-foundation', class: Foundation },
  { name: '0002-messages', class: Messages },
];
