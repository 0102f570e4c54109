/** As much of undici's dispatcher as is needed; Node's own `fetch` takes any object that has it. */
interface Dispatcher {
  readonly dispatch: (request: DispatchedRequest, handler: unknown) => boolean;
}

interface DispatchedRequest {
  readonly origin?: string | URL | null;
  readonly path: string;
}

/**
 * Under which every version of undici finds the dispatcher of its `fetch`, Node's included (undici, `lib/global.js`).
 */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

const isDispatcher = (value: unknown): value is Dispatcher =>
  typeof value === 'object' && value !== null && 'dispatch' in value && typeof value.dispatch === 'function';

/** The path of a media host, under which the paths of its files lie. */
export const prefixOf = ({ pathname }: URL): string => pathname.replace(/\/+$/, '');

const dispatcherTo = (mediaUrl: string): Dispatcher => {
  const base = new URL(mediaUrl);
  const { origin } = base;
  const prefix = prefixOf(base);
  return {
    dispatch: (request, handler) => {
      const underneath: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
      if (!isDispatcher(underneath)) throw new TypeError('The fetch of this Node has no dispatcher to go through.');
      return underneath.dispatch({ ...request, origin, path: `${prefix}${request.path}` }, handler);
    },
  };
};

/**
 * Options of a `fetch` that send it to another media host than the address says: the library builds WhatsApp's own into
 * the addresses of the files in which the app state of a new device comes.
 */
export const throughMediaHost = (mediaUrl: string): RequestInit => {
  const options: RequestInit = {};
  // An option of Node's `fetch` beyond the standard, for which its types want the whole of undici's class.
  Reflect.set(options, 'dispatcher', dispatcherTo(mediaUrl));
  return options;
};
