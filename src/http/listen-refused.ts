import { Data } from 'effect';

/** The address cannot be listened on. */
export class ListenRefused extends Data.TaggedError('ListenRefused')<{
  readonly host: string;
  readonly port: number;
  readonly message: string;
}> {}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it, or set PORT to another port (0 takes any free one)',
  EACCES: 'this user may not listen there; choose a PORT above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; check HOST',
  ENOTFOUND: 'the name cannot be resolved; check HOST',
};

export const listenRefused = (host: string, port: number, cause: unknown): ListenRefused => {
  const { code = 'unknown' } = cause as { readonly code?: string };
  return new ListenRefused({ host, port, message: `Cannot listen on ${host}:${port}: ${WORDS[code] ?? code}.` });
};
