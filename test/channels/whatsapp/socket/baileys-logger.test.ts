import { expect, it } from 'vitest';
import { baileysLogger } from '../../../../src/channels/whatsapp/socket/baileys-logger.ts';
import { InstanceId } from '../../../../src/domain/ids.ts';
import { silentLog } from '../../../../src/domain/log.ts';

it('tells of collections of the app state that Baileys could not read in full, and of nothing else', () => {
  const troubled: string[] = [];
  const logger = baileysLogger(silentLog, InstanceId.make('00000000-0000-4000-8000-000000000001'), (collection) =>
    troubled.push(collection),
  );
  logger.info({ name: 'regular' }, 'failed to sync regular from v1, forcing snapshot retry');
  logger.warn({ id: 'x' }, 'something else');
  logger.warn('LTHash');
  logger
    .child({})
    .warn({ name: 'critical_block', version: 3 }, 'LTHash verification failed, skipping remaining patches');
  expect(troubled).toEqual(['critical_block']);
});
