/** Of all random tests: printed with every failure, and set to repeat one. */
export const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
