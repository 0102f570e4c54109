import { type DestinationStream, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../domain/log.ts';
import { redact, redactText } from './redact.ts';

export interface LogOptions {
  /** A pino level, or `silent`. */
  readonly level: string;
  /** Lines for people; otherwise one JSON object per line. */
  readonly pretty: boolean;
  /** Where lines go. Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * A log of pino's. Lines for people show an error's stack only at level `debug` or below, where somebody is
 * looking for it; JSON lines always carry it. Secrets are redacted by field name and by pattern.
 */
export const createLog = (options: LogOptions): Log => {
  const logger = pino({ level: options.level, base: null }, destinationOf(options));
  const stacks = !options.pretty || logger.isLevelEnabled('debug');
  const write =
    (level: keyof Log) =>
    (fields: Record<string, unknown>, message: string): void => {
      if (logger.isLevelEnabled(level)) logger[level](redact(fields, stacks), redactText(message));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};

// Written synchronously: what was logged before a crash is what one wants to read after it.
const destinationOf = (options: LogOptions): DestinationStream => {
  const sink = options.destination ?? pino.destination({ dest: 1, sync: true });
  return options.pretty ? pretty({ colorize: true, sync: true, translateTime: 'HH:MM:ss', destination: sink }) : sink;
};
