import { Schema } from 'effect';

/** The platforms that the design knows. Which of them a build can connect to is decided in `src/app.ts`. */
export const ChannelName = Schema.Literals(['discord', 'whatsapp']);
export type ChannelName = typeof ChannelName.Type;
