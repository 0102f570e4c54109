import type { InferEntity } from '@mikro-orm/core';

/** Some columns of a table, as an entity manager reads them. */
export type Row<Entity, Column extends keyof InferEntity<Entity>> = Pick<InferEntity<Entity>, Column>;
