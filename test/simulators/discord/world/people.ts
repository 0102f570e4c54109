import { mix } from '../chance.ts';
import { snowflake, snowflakeMs } from '../snowflake.ts';

export interface User {
  readonly id: string;
  readonly name: string;
  /** What it calls itself. */
  readonly globalName: string | null;
  /** The user object as Discord writes it, once and for all messages. */
  readonly json: string;
}

const FIRST_USER_AT = Date.UTC(2016, 0, 1);
const STEP_MS = 61_007;
const GIVEN = [
  'Ada',
  'Björn',
  'Chioma',
  'Dmitri',
  'Eun-ji',
  'Fátima',
  'Goran',
  'Hina',
  'Íñigo',
  'Jules',
  'Kofi',
  'Łucja',
  'Mei',
  'Noor',
  'Óscar',
  'Priya',
];
const FAMILY = [
  'Abara',
  'Bergström',
  'Castillo',
  'Dubois',
  'Eriksen',
  'Farouk',
  'García',
  'Hartmann',
  'Ito',
  'Jensen',
  'Kowalski',
  'Lindqvist',
];

export const userJson = (
  id: string,
  username: string,
  globalName: string | null,
  bot: boolean,
  avatar: string | null = null,
): string =>
  JSON.stringify({
    id,
    username,
    avatar,
    discriminator: bot ? '4242' : '0',
    public_flags: bot ? 65_536 : 0,
    flags: bot ? 65_536 : 0,
    ...(bot ? { bot: true } : {}),
    banner: null,
    accent_color: null,
    global_name: globalName,
    avatar_decoration_data: null,
    collectibles: null,
    display_name_styles: null,
    banner_color: null,
    clan: null,
    primary_guild: null,
  });

export interface Names {
  readonly username: string;
  readonly globalName: string | null;
}

/** Everybody who is not a bot: the n-th user is made when asked for, and ids rise with n. */
export class People {
  readonly #seed: number;
  readonly #authors = new Map<number, User>();
  readonly #renamed = new Map<number, Names>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  idAt(index: number): bigint {
    return snowflake(FIRST_USER_AT + index * STEP_MS, 0);
  }

  /** How many users have an id not above `id`: also the index of the next one. */
  countUpTo(id: bigint): number {
    const index = Math.floor((snowflakeMs(id) - FIRST_USER_AT) / STEP_MS);
    return Math.max(0, this.idAt(Math.max(index, 0)) <= id ? index + 1 : index);
  }

  at(index: number): User {
    const cached = this.#authors.get(index);
    if (cached !== undefined) return cached;
    const chance = mix(this.#seed, index, 2);
    const id = String(this.idAt(index));
    const { username, globalName } = this.#renamed.get(index) ?? this.#bornAs(index, chance);
    const avatar = chance % 3 === 0 ? chance.toString(16).padStart(32, '0') : null;
    const user = { id, name: username, globalName, json: userJson(id, username, globalName, false, avatar) };
    if (this.#authors.size < 1_000) this.#authors.set(index, user);
    return user;
  }

  rename(index: number, names: Partial<Names>): void {
    const { name, globalName } = this.at(index);
    this.#renamed.set(index, { username: name, globalName, ...names });
    this.#authors.delete(index);
  }

  /** The number of a user. Throws when nobody has that id. */
  indexOf(id: string): number {
    const index = Math.max(0, this.countUpTo(BigInt(id)) - 1);
    if (String(this.idAt(index)) !== id) throw new Error(`Nobody has the id ${id}.`);
    return index;
  }

  /** One in seven has no name but the username. */
  #bornAs(index: number, chance: number): Names {
    const given = GIVEN[chance % GIVEN.length] ?? 'Ada';
    const family = FAMILY[(chance >>> 8) % FAMILY.length] ?? 'Ito';
    return { username: `user_${index}`, globalName: chance % 7 === 0 ? null : `${given} ${family}` };
  }
}
