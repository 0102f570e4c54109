import { isIP } from 'node:net';
import { Schema } from 'effect';
import { LOG_LEVELS } from './config.ts';
import { NATS_ENVIRONMENT } from './nats-environment.ts';
import { isFrom, isUrlOf, matches, text } from './variable.ts';

const isPort = (value: string): boolean => /^\d{1,5}$/.test(value) && Number(value) <= 65_535;

const isHost = (value: string): boolean =>
  isIP(value) !== 0 ||
  (value.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(value));

const isBareUrlOf =
  (...protocols: readonly string[]) =>
  (value: string): boolean => {
    const url = URL.parse(value);
    return isUrlOf(...protocols)(value) && url?.username === '' && url.search === '' && url.hash === '';
  };
const isBareHttpUrl = isBareUrlOf('http:', 'https:');
const isBareSocketUrl = isBareUrlOf('ws:', 'wss:');

/** A comma separates former keys, so that a key with one in it could never be rotated out. */
const isSecretKey = (value: string): boolean => value.trim().length >= 32 && !value.includes(',');
const PRINTABLE = /^[\x21-\x7e]+$/;

/** Every variable this service knows. An empty one counts as unset. */
export const ENVIRONMENT = {
  PORT: text(isPort, 'must be a whole number from 0 (any free port) to 65535, such as 8881.'),
  HOST: text(isHost, 'must be an IP address or a host name, such as 127.0.0.1.'),
  DATA_DIR: text((value) => !value.includes('\0') && value.trim() !== '', 'must be a folder, such as ./data.'),
  DATABASE_URL: text(
    isUrlOf('postgres:', 'postgresql:'),
    'must be a PostgreSQL address, such as postgresql://user:password@127.0.0.1:5432/omni. (Its value is not shown.)',
  ),
  DATABASE_POOL_SIZE: text(
    isFrom(2, 500),
    'must be a whole number from 2 to 500: sessions with PostgreSQL, such as 10.',
  ),
  API_KEY: text(
    matches(PRINTABLE),
    'must be printable ASCII without spaces, since it travels in the x-api-key header. (Its value is not shown.)',
  ),
  SECRET_KEY: text(
    isSecretKey,
    'must be at least 32 characters, without commas, which separate the keys in SECRET_KEY_PREVIOUS; `openssl rand -base64 32` prints one. (Its value is not shown.)',
  ),
  SECRET_KEY_PREVIOUS: text(
    (value) => value.split(',').every(isSecretKey),
    'must be earlier values of SECRET_KEY, newest first, separated by commas. (Its value is not shown.)',
  ),
  DISCORD_API_URL: text(
    isBareHttpUrl,
    'must be an http or https address without user, query or fragment, such as http://127.0.0.1:4000/api.',
  ),
  LOG_LEVEL: text((value) => LOG_LEVELS.some((level) => level === value), `must be one of ${LOG_LEVELS.join(', ')}.`),
  ...NATS_ENVIRONMENT,
  WHATSAPP_SOCKET_URL: text(isBareSocketUrl, 'must be a ws or wss address, such as ws://127.0.0.1:4100/ws/chat.'),
  WHATSAPP_MEDIA_URL: text(
    isBareHttpUrl,
    'must be an http or https address without user, query or fragment, such as http://127.0.0.1:4101.',
  ),
};

export const Environment = Schema.Struct(ENVIRONMENT);
export type Environment = typeof Environment.Type;
