import { Effect, Schema } from 'effect';
import { renderSVG } from 'uqr';
import { Refused } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import { toIso } from '../../domain/instant.ts';
import type { PairingOffer } from '../../domain/pairing.ts';
import { parsePhone } from '../../domain/phone.ts';
import { refuse } from '../decode-input.ts';
import type { HttpDeps } from '../http-deps.ts';
import type { Failure } from '../problem.ts';
import { route } from '../route.ts';
import { accepted, events, one, text } from '../shape.ts';
import { instanceEvents } from '../streams/instance-events.ts';
import { ofInstance } from './fields.ts';

/** How long the answer to a request for a code waits for the platform to give one, ms. */
const CODE_PATIENCE_MS = 8_000;
const LOOK_EVERY_MS = 250;
/** What a person needs to find the place in the phone and to type a code. */
const TIME_TO_TYPE_MS = 30_000;

type CodeOffer = Extract<PairingOffer, { kind: 'code' }>;

const ExpiresAt = Schema.String.annotate({ description: 'Until when it is good; a new one follows by itself.' });

/** What to show the person who pairs. */
const Qr = Schema.Struct({
  qr: Schema.String.annotate({ description: 'The text of the QR code.' }),
  svg: Schema.String.annotate({ description: 'The same as a picture.' }),
  expiresAt: ExpiresAt,
});

const Code = Schema.Struct({
  code: Schema.NullOr(Schema.String).annotate({
    description: 'To be typed into the phone. Null: the platform has not given one yet; ask again, or follow …/events.',
  }),
  phoneNumber: Schema.String,
  expiresAt: Schema.NullOr(ExpiresAt),
});

const PhoneNumber = Schema.String.annotate({
  description: 'The number of the phone that is to be paired, in international notation, such as +49 151 23456789.',
});

const notPairing = (state: string, message: string): Refused =>
  new Refused({ status: 409, code: 'not_pairing', message, details: { state } });

const noQrCode = (state: string): Refused => {
  const advice = state === 'online' ? 'it is paired and online' : 'connect it, and look again in a moment';
  return notPairing(state, `There is no QR code to show: the instance is ${state}; ${advice}.`);
};

const alreadyPaired = (state: string): Refused =>
  notPairing(state, 'It is paired and online already. To pair it anew, log it out first.');

/** The account has to be one that is paired with a phone. */
const refuseUnpaired = (deps: HttpDeps, instanceId: InstanceId): Effect.Effect<string, Failure> =>
  Effect.gen(function* () {
    const { channel, state } = yield* deps.catalogue.instance(instanceId);
    const pairs = deps.channels.find(({ name }) => name === channel)?.traits.pairs ?? false;
    if (pairs) return state;
    const message = `An account of ${channel} is not paired with a phone; it connects with its token.`;
    return yield* new Refused({ status: 409, code: 'pairing_not_offered', message });
  });

const currentQr = (deps: HttpDeps, instanceId: InstanceId) =>
  Effect.gen(function* () {
    const state = yield* refuseUnpaired(deps, instanceId);
    const offer = yield* deps.inspector.pairing(instanceId);
    if (offer?.kind === 'qr') return offer;
    if (offer === null) return yield* noQrCode(state);
    const message = `A code for ${offer.phoneNumber} is offered instead of a QR code; connect the instance for a QR code.`;
    return yield* new Refused({ status: 409, code: 'not_pairing', message });
  });

/** The code for this number that can be typed now; null: there is none. */
const codeFor = (deps: HttpDeps, instanceId: InstanceId, phoneNumber: string) =>
  Effect.map(deps.inspector.pairing(instanceId), (offer) =>
    offer?.kind === 'code' && offer.phoneNumber === phoneNumber ? offer : null,
  );

/** The next code for this number, as soon as the platform has given one; null: it has not in time. */
const nextCodeFor = (deps: HttpDeps, instanceId: InstanceId, phoneNumber: string, before: CodeOffer | null) => {
  const look = codeFor(deps, instanceId, phoneNumber);
  const until = (left: number): Effect.Effect<CodeOffer | null> =>
    Effect.flatMap(look, (offer) =>
      (offer !== null && offer.code !== before?.code) || left <= 0
        ? Effect.succeed(offer)
        : Effect.delay(
            Effect.suspend(() => until(left - LOOK_EVERY_MS)),
            LOOK_EVERY_MS,
          ),
    );
  return Effect.map(until(CODE_PATIENCE_MS), (offer) => (offer?.code === before?.code ? null : offer));
};

/** A code that there is time to type is given again: another would end it, and WhatsApp gives only a few. */
const obtainCode = (deps: HttpDeps, instanceId: InstanceId, phoneNumber: string) =>
  Effect.gen(function* () {
    const before = yield* codeFor(deps, instanceId, phoneNumber);
    if (before !== null && before.expiresAt - deps.clock() >= TIME_TO_TYPE_MS) return before;
    yield* deps.bus.submit(instanceId, { type: 'pair', phoneNumber });
    return yield* nextCodeFor(deps, instanceId, phoneNumber, before);
  });

export const pairingRoutes = [
  route({
    method: 'GET',
    path: '/instances/:instanceId/qr',
    summary: 'Shows the QR code with which a phone is paired, as text and as a picture.',
    params: ofInstance,
    answer: one(Qr),
    handle: ({ params: { instanceId } }, deps) =>
      Effect.map(currentQr(deps, instanceId), ({ qr, expiresAt }) => ({
        qr,
        svg: renderSVG(qr),
        expiresAt: toIso(expiresAt),
      })),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/qr.svg',
    summary: 'The QR code as a picture alone, to be opened in a browser.',
    params: ofInstance,
    answer: text('A picture.', 'image/svg+xml', { 'cache-control': 'no-store' }),
    handle: ({ params: { instanceId } }, deps) => Effect.map(currentQr(deps, instanceId), ({ qr }) => renderSVG(qr)),
  }),
  route({
    method: 'POST',
    path: '/instances/:instanceId/pair',
    summary: 'Pairs with a code that is typed into the phone, instead of a QR code.',
    params: ofInstance,
    body: Schema.Struct({ phoneNumber: PhoneNumber }),
    answer: accepted(Code),
    handle: ({ params: { instanceId }, body }, deps) =>
      Effect.gen(function* () {
        const state = yield* refuseUnpaired(deps, instanceId);
        if (state === 'online') return yield* alreadyPaired(state);
        const { phoneNumber: typed } = body;
        const known = parsePhone(typed) ?? parsePhone(`+${typed.trim()}`);
        if (known === null) {
          const message = 'is no phone number in international notation, such as +49 151 23456789';
          return yield* refuse([{ field: 'phoneNumber', message }]);
        }
        const phoneNumber = known.slice(1);
        const offer = yield* obtainCode(deps, instanceId, phoneNumber);
        return {
          code: offer?.code ?? null,
          phoneNumber: known,
          expiresAt: offer === null ? null : toIso(offer.expiresAt),
        };
      }),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/events',
    summary: 'Streams the state of an account and, while it waits to be paired, each QR code or code to show.',
    params: ofInstance,
    answer: events('Events `instance.state` and `instance.pairing`; data is JSON.'),
    handle: ({ params }, deps) => instanceEvents(deps, params.instanceId),
  }),
];
