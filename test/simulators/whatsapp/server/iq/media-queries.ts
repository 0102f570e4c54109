import { node } from '../../wire/nodes.ts';
import type { IqTable } from './iq.ts';

/** Where files are: `host` is that of the simulator, for those who follow it. */
export const mediaQueries = (host: () => string): IqTable => ({
  'set w:m media_conn': () => ({
    content: [
      node('media_conn', { auth: 'sim', ttl: '3600', auth_ttl: '21600', max_buckets: '12' }, [
        node('host', { hostname: host(), maxContentLengthBytes: '104857600' }),
      ]),
    ],
  }),
});
