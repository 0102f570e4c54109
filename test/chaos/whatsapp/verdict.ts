import type { Comparison } from '../../harness/compare.ts';
import type { WhatsAppOutcome } from './run.ts';

const differences = (when: string, { missing, surplus, doubled, different }: Comparison): readonly string[] =>
  Object.entries({ missing, surplus, doubled, different }).flatMap(([what, lines]) =>
    lines.length === 0 ? [] : [`${what} ${when}: ${lines.join('; ')}`],
  );

const wrongSession = ({ whatsapp, instance }: WhatsAppOutcome): readonly string[] => {
  const { devices, linked } = whatsapp.account();
  const waiting = linked.flatMap((device) => device.waiting).length;
  return [
    ...(instance.state === 'online' ? [] : [`the instance is ${instance.state}`]),
    ...(devices.length === 1 && linked.length === 1 ? [] : [`${devices.length} devices were paired`]),
    ...(waiting === 0 ? [] : [`${waiting} stanzas were never acknowledged`]),
    ...(JSON.stringify(instance.pushes) === NO_PUSHES ? [] : [`pushes: ${JSON.stringify(instance.pushes)}`]),
  ];
};

const NO_PUSHES = JSON.stringify({ waiting: 0, setAside: 0, failure: null });

/**
 * Requests that the phone could not read. A real phone asks for them anew, the simulated one stays silent, and the job
 * asks again after its time: that costs a request, and is told as a figure.
 */
export const unreadableOf = ({ whatsapp: { log } }: WhatsAppOutcome): number =>
  log.violations.filter(({ part }) => part === 'signal').length;

const wrongTraffic = ({ whatsapp: { log } }: WhatsAppOutcome): readonly string[] => [
  ...new Set(
    log.violations.filter(({ part }) => part !== 'signal').map(({ part, message }) => `violation: ${part}: ${message}`),
  ),
  ...[...log.mostInFlight.values()].flatMap((most) => (most > 1 ? [`${most} requests in flight`] : [])),
];

/**
 * Texts and deletions are judged after a refresh, and told as a figure before it; everything else has to be there
 * without one.
 */
export const problemsOf = (outcome: WhatsAppOutcome): readonly string[] => [
  ...outcome.jobs.flatMap(({ status, errorMessage }) =>
    status === 'completed' ? [] : [`a job ${status}: ${errorMessage ?? 'no message'}`],
  ),
  ...differences('in the end', { ...outcome.inTheEnd, different: [], surplus: [] }),
  ...differences('after a refresh', outcome.refreshed),
  ...outcome.wrongNames,
  ...wrongSession(outcome),
  ...wrongTraffic(outcome),
];
