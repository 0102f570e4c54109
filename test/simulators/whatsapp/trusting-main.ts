import { trustSimulator } from './trust.ts';

/*
 * The service as a process of its own that believes the simulator: instead of `node src/main.ts`, a test starts
 * `node test/simulators/whatsapp/trusting-main.ts` with the same environment.
 */

trustSimulator();
await import('../../../src/main.ts');
