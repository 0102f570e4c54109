import { defineEntity, p } from '@mikro-orm/core';

export const SecretKeyEntity = defineEntity({
  name: 'SecretKey',
  tableName: 'secret_keys',
  properties: {
    keyId: p.text().primary(),
    checkValue: p.text(),
    createdAt: p.datetime(),
  },
});
