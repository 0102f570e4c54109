import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { throughMediaHost } from '../../../../src/channels/whatsapp/socket/media-dispatcher.ts';

const hostOn = async (): Promise<{ readonly url: string; readonly asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['origin']}`);
    response.end('a file');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
};

describe('the media host', () => {
  it.each(['', '/behind/a/path', '/with-slash/'])(
    'is asked in the place of WhatsApp\'s own (base "%s")',
    async (base) => {
      const host = await hostOn();
      const response = await fetch('https://mmg.whatsapp.net/v/t62/file?hash=x%2Fy', {
        ...throughMediaHost(`${host.url}${base}`),
        headers: { Origin: 'https://web.whatsapp.com' },
      });
      expect(await response.text()).toBe('a file');
      expect(host.asked).toEqual([`GET ${base.replace(/\/$/, '')}/v/t62/file?hash=x%2Fy https://web.whatsapp.com`]);
    },
  );
});
