import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsOptions } from '../../src/nats/nats-options.ts';
import { type NatsServer, type NatsServerOptions, startOwnNats } from '../servers/nats.ts';
import { deployment, NatsNode, refusalOf } from './nats-node.ts';

const PASSWORD = 'pa$$/wörd@1';

describe('connecting to NATS', () => {
  let folder: string;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'omni-nats-keys-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const started = async (options?: NatsServerOptions): Promise<NatsServer> => {
    const server = await startOwnNats(options);
    ends.push(() => server.stop());
    return server;
  };
  /** By name: the client checks a certificate against names only. */
  const at = (server: NatsServer, credentials: string, protocol = 'nats'): string =>
    `${protocol}://${credentials}localhost:${server.port}`;
  const connects = async (changes: Partial<NatsOptions> & Pick<NatsOptions, 'urls'>): Promise<void> => {
    const node = await NatsNode.open(deployment(changes));
    const state = node.messaging.state();
    await node.close();
    expect(state).toBe('connected');
    expect(JSON.stringify(node.lines.all)).not.toContain(PASSWORD);
  };
  const file = (name: string, contents: string | Uint8Array): string => {
    writeFileSync(join(folder, name), contents, { mode: 0o600 });
    return join(folder, name);
  };

  it('takes user and password from the address, and a wrong one is refused without being shown', async () => {
    const server = await started({ args: ['--user', 'omni', '--pass', PASSWORD] });
    await connects({ urls: [at(server, `omni:${encodeURIComponent(PASSWORD)}@`)] });
    const { message } = await refusalOf(deployment({ urls: [at(server, 'omni:wrong-one@')] }));
    expect(message).toMatch(/does not take our credentials/);
    expect(message).not.toContain('wrong-one');
    expect((await refusalOf(deployment({ urls: [at(server, '')] }))).message).toMatch(/credentials/);
  });

  it('takes a token from the address', async () => {
    const server = await started({ args: ['--auth', 'a-token'] });
    await connects({ urls: [at(server, 'a-token@')] });
  });

  it('signs with an NKey', async () => {
    const user = nkeys.createUser();
    const config = file('nkey.conf', `authorization { users = [{ nkey: ${user.getPublicKey()} }] }\n`);
    const server = await started({ args: ['-c', config] });
    const nkeyFile = file('user.nk', `${new TextDecoder().decode(user.getSeed())}\n`);
    await connects({ urls: [server.url], nkeyFile });
  });

  it('speaks TLS, knows the server by its authority, and shows its own certificate', async () => {
    const { ca, cert, key } = certificates(folder);
    const args = ['--tls', '--tlscert', cert, '--tlskey', key, '--tlsverify', '--tlscacert', ca];
    const server = await started({ args });
    await connects({ urls: [at(server, '', 'tls')], tlsCaFile: ca, tlsCertFile: cert, tlsKeyFile: key });
    const { message } = await refusalOf(deployment({ urls: [at(server, '', 'tls')] }));
    expect(message).toMatch(/NATS_TLS_CA/);
  });

  it('finds the server that is there among several', async () => {
    const server = await started();
    await connects({ urls: ['nats://127.0.0.1:1', server.url] });
  });

  it('refuses a server without JetStream', async () => {
    const server = await started({ jetStream: false });
    expect((await refusalOf(deployment({ urls: [server.url] }))).message).toMatch(/no JetStream/);
  });

  it('refuses a NATS without TLS where TLS is asked for', async () => {
    const server = await started();
    expect((await refusalOf(deployment({ urls: [at(server, '', 'tls')] }))).message).toMatch(/no TLS/);
  });

  it('refuses a NATS that carries for another database, unless a prefix sets the two apart', async () => {
    const server = await started();
    await connects({ urls: [server.url], prefix: null });
    const { message } = await refusalOf(deployment({ urls: [server.url], prefix: null }));
    expect(message).toMatch(/another database.*NATS_PREFIX/);
    await connects({ urls: [server.url], prefix: 'staging' });
  });

  it('refuses more copies than the cluster has servers', async () => {
    const server = await started();
    expect((await refusalOf(deployment({ urls: [server.url], replicas: 3 }))).message).toMatch(/replicas/);
  });

  it('refuses files that are not there or hold no key, by the name of their variable', async () => {
    const urls = ['nats://127.0.0.1:1'];
    const gone = join(folder, 'gone');
    const wrong = file('wrong', 'not a key');
    const refused = async (changes: Partial<NatsOptions>) =>
      (await refusalOf(deployment({ urls, ...changes }))).message;
    expect(await refused({ credsFile: gone })).toMatch(/NATS_CREDS names .* cannot be read/);
    expect(await refused({ credsFile: wrong })).toMatch(/NATS_CREDS .* usable key/);
    expect(await refused({ nkeyFile: wrong })).toMatch(/NATS_NKEY .* usable key/);
    expect(await refused({ tlsCaFile: gone })).toMatch(/NATS_TLS_CA/);
  });

  it('changes the limits of a stream that is there already', async () => {
    const server = await started();
    const options = deployment({ urls: [server.url] });
    await connects(options);
    const node = await NatsNode.open({ ...options, eventsMaxBytes: options.eventsMaxBytes * 2 });
    await node.close();
    expect(node.lines.all.some(({ message }) => message.startsWith('Changed a stream'))).toBe(true);
  });
});

/** An authority and a certificate that it signed, for server and client alike. */
const certificates = (folder: string): { readonly ca: string; readonly cert: string; readonly key: string } => {
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'cert.pem', 'cert.key'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl(...request, '-subj', '/CN=test authority', '-keyout', caKey, '-out', ca);
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE'];
  openssl(...request, '-subj', '/CN=nats', ...names, '-CA', ca, '-CAkey', caKey, '-keyout', key, '-out', cert);
  return { ca, cert, key };
};
