import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { refuseCredentials } from '../../../src/channels/whatsapp/credentials.ts';
import { baileysLogger } from '../../../src/channels/whatsapp/socket/baileys-logger.ts';
import { quietly } from '../../../src/channels/whatsapp/socket/quiet-signal.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import type { Log } from '../../../src/domain/log.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import { rigs } from './rig.ts';

prepareBaileys();
const start = rigs();
const INSTANCE = InstanceId.make('00000000-0000-4000-8000-000000000001');

const recordingLog = (): { log: Log; lines: string[] } => {
  const lines: string[] = [];
  const note = (fields: Record<string, unknown>, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, log: { debug: note, info: note, warn: note, error: note } };
};

/** What gets as far as the console, in place before the first session is made. */
const printed: string[] = [];
const METHODS = ['log', 'info', 'warn', 'error'] as const;
const own = METHODS.map((method) => [method, console[method]] as const);
for (const method of METHODS) console[method] = (...words: unknown[]) => void printed.push(inspect(words));
afterAll(() => {
  for (const [method, print] of own) console[method] = print;
});

/**
 * What is long enough to be a key or a code among the secrets that the vault holds: 24 characters of Base64 and more.
 */
const secretsOf = (values: Iterable<string>): readonly string[] =>
  [...values].flatMap((value) => value.match(/[A-Za-z0-9+/]{24,}={0,2}/g) ?? []);

describe('what may be read by anybody', () => {
  it('holds no key, code or QR of a session, through pairing, history, a restart and messages that cannot be read', async () => {
    const { log, lines } = recordingLog();
    printed.length = 0;
    const rig = await start();
    const first = await rig.pairWithHistory({ log });
    const qr = first.of('pairingOffered')[0]?.offer;
    await first.close();
    const second = rig.open({ log });
    await second.told('connectionOpened');
    await rig.simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: 'hi' } });
    await second.told('messagesArrived');
    rig.simulator.endSession('unavailable');
    await second.told('connectionLost');
    const text = [...lines, ...printed].join('\n');
    expect(lines).not.toEqual([]);
    const secrets = secretsOf(rig.vault.secrets.values());
    expect(secrets.length).toBeGreaterThan(100);
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    if (qr?.kind !== 'qr') throw new Error('No QR code was offered.');
    expect(text).not.toContain(qr.qr);
  });

  it('is what libsignal prints, but only while it works', async () => {
    printed.length = 0;
    console.log('before');
    await quietly(async () => {
      console.info('Closing session:', { privKey: 'secret' });
      await Promise.resolve();
      console.error('Session error', 'secret');
    });
    console.warn('after');
    expect(printed).toEqual([inspect(['before']), inspect(['after'])]);
  });

  it('gets sentences of Baileys, without the objects', () => {
    const { log, lines } = recordingLog();
    const logger = baileysLogger(log, INSTANCE);
    logger.info({ key: 'secret' }, 'never');
    logger.debug('never');
    logger.warn({ key: 'secret' }, 'something is odd');
    logger.child({ secret: 'secret' }).error('something broke');
    logger.error({ secret: 'secret' });
    expect(lines).toEqual([
      `something is odd {"instanceId":"${INSTANCE}","library":"baileys"}`,
      `something broke {"instanceId":"${INSTANCE}","library":"baileys"}`,
    ]);
  });
});

describe('credentials', () => {
  it('are a history depth and nothing else', () => {
    expect(refuseCredentials({ historyDepth: 'recent' })).toBeNull();
    expect(refuseCredentials({ historyDepth: 'full' })).toBeNull();
    expect(refuseCredentials({})).toContain('historyDepth');
    expect(refuseCredentials({ token: 'secret', historyDepth: 'full' })).not.toContain('secret');
  });
});
