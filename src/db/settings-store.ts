import { Option, Schema } from 'effect';
import type { Log } from '../domain/log.ts';
import { DEFAULT_SETTINGS, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../domain/settings.ts';
import type { SettingsStore, SettingView } from '../sync/catalogue.ts';
import { cleanJson } from './clean-text.ts';
import { SettingEntity } from './entities/setting-entity.ts';
import { toInstant } from './instants.ts';
import { persevere } from './query-failure.ts';
import type { Connection, Sql } from './sql.ts';

interface StoredSetting {
  readonly value: unknown;
  readonly updatedAt: Date;
}

const isValid = (key: SettingKey, value: unknown): boolean =>
  Option.isSome(Schema.decodeUnknownOption(SETTINGS[key].schema as Schema.Codec<unknown, unknown>)(value));

/** Nobody else changes settings until the commit, so history tells what was really replaced. */
const lockSettings = (sql: Sql) => sql.rows(`SELECT pg_advisory_xact_lock(hashtextextended('settings', 0))`);

const remember = (sql: Sql, key: SettingKey, value: string | null, at: number) =>
  sql.run(
    `INSERT INTO settings_history (key, old_value, new_value, changed_at)
     VALUES ($1, (SELECT value FROM settings WHERE key = $1), $2::jsonb, $3)`,
    [key, value, toInstant(at)],
  );

const write = async (sql: Sql, key: SettingKey, value: unknown, at: number): Promise<void> => {
  const json = cleanJson(value);
  await remember(sql, key, json, at);
  await sql.run(
    `INSERT INTO settings (key, value, updated_at) VALUES ($1, $2::jsonb, $3)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
    [key, json, toInstant(at)],
  );
};

export const settingsStore = (connection: Connection, log: Log): SettingsStore => {
  const stored = async (): Promise<ReadonlyMap<SettingKey, StoredSetting>> => {
    const rows = await connection.entities((em) => em.find(SettingEntity, { key: { $in: SETTING_KEYS } }));
    const found = new Map<SettingKey, StoredSetting>();
    for (const key of SETTING_KEYS) {
      const row = rows.find((candidate) => candidate.key === key);
      if (row === undefined) continue;
      if (isValid(key, row.value)) found.set(key, row);
      else log.warn({ key }, 'The stored value of a setting is not valid any more; its default is used');
    }
    return found;
  };
  const settingsNow = async (): Promise<Settings> => {
    const values = [...(await stored())].map(([key, { value }]) => [key, value] as const);
    return { ...DEFAULT_SETTINGS, ...Object.fromEntries(values) };
  };
  const changed = (body: (sql: Sql) => Promise<void>) =>
    persevere(async () => {
      await connection.transaction(async (sql) => {
        await lockSettings(sql);
        await body(sql);
      });
      return settingsNow();
    });

  return {
    all: persevere(settingsNow),
    views: persevere(async () => {
      const rows = await stored();
      return SETTING_KEYS.map((key): SettingView => {
        const row = rows.get(key);
        return {
          key,
          value: row === undefined ? SETTINGS[key].default : row.value,
          default: SETTINGS[key].default,
          description: SETTINGS[key].describe,
          updatedAt: row?.updatedAt.toISOString() ?? null,
        };
      });
    }),
    put: (values, at) =>
      changed(async (sql) => {
        for (const key of SETTING_KEYS) {
          if (values[key] !== undefined) await write(sql, key, values[key], at);
        }
      }),
    reset: (key, at) =>
      changed(async (sql) => {
        await remember(sql, key, null, at);
        await sql.run('DELETE FROM settings WHERE key = $1', [key]);
      }),
  };
};
