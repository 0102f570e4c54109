import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';

const capture = (level: string, pretty: boolean) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level, pretty, destination }), text: () => lines.join('') };
};

const TOKEN = `MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.${'x'.repeat(30)}`;

describe('the log', () => {
  it('writes one JSON object per line, with fields and message', () => {
    const { log, text } = capture('info', false);
    log.info({ instanceId: 'i', fetched: 3n }, 'Page stored.');
    expect(JSON.parse(text())).toMatchObject({ level: 30, instanceId: 'i', fetched: '3', msg: 'Page stored.' });
  });

  it('keeps to its level', () => {
    const { log, text } = capture('warn', false);
    log.debug({}, 'no');
    log.info({}, 'no');
    log.warn({}, 'yes');
    expect(text()).toContain('yes');
    expect(text()).not.toContain('no');
  });

  it.each([true, false])('hides secrets by the name of their field (pretty: %s)', (pretty) => {
    const { log, text } = capture('debug', pretty);
    const secrets = {
      token: 's3cret',
      'x-api-key': 's3cret',
      API_KEY: 's3cret',
      secretKey: 's3cret',
      credentials: { a: 's3cret' },
    };
    log.info({ ...secrets, headers: { authorization: 's3cret' }, list: [{ SECRET_KEY_PREVIOUS: 's3cret' }] }, 'x');
    expect(text()).not.toContain('s3cret');
  });

  it.each([true, false])('hides secrets inside text and errors (pretty: %s)', (pretty) => {
    const { log, text } = capture('debug', pretty);
    const error = new Error(`refused Bot ${TOKEN}`, { cause: new Error('postgres://omni:s3cret@db/omni') });
    log.error({ error, url: 'postgresql://omni:s3cret@127.0.0.1/omni', raw: `t=${TOKEN}` }, `with ${TOKEN}`);
    expect(text()).not.toContain('s3cret');
    expect(text()).not.toContain('GabcdE');
    expect(text()).toContain('postgresql://omni:[redacted]@127.0.0.1/omni');
  });

  it('shows people a stack only when they debug', () => {
    const quiet = capture('info', true);
    quiet.log.error({ error: new Error('broken') }, 'Failed.');
    expect(quiet.text()).toContain('broken');
    expect(quiet.text()).not.toContain('log.test.ts');
    const loud = capture('debug', true);
    loud.log.error({ error: new Error('broken') }, 'Failed.');
    expect(loud.text()).toContain('log.test.ts');
    const json = capture('info', false);
    json.log.error({ error: new Error('broken') }, 'Failed.');
    expect(json.text()).toContain('log.test.ts');
  });

  it('survives cycles, depth and size', () => {
    const { log, text } = capture('info', false);
    const cycle: Record<string, unknown> = {
      long: 'y'.repeat(100_000),
      bytes: new Uint8Array(4),
      many: new Array(1_000).fill(1),
    };
    cycle['self'] = cycle;
    log.info(cycle, 'x');
    expect(text().length).toBeLessThan(100_000);
    expect(() => JSON.parse(text())).not.toThrow();
  });
});
