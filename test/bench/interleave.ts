/** Something that is measured: each run gives one figure. */
export interface Contender {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/**
 * Runs contenders in turn, round after round, each round beginning with another one: so neither the order nor what
 * else the machine does favours any of them. Gives what each measured, by round.
 */
export const interleave = async (
  contenders: readonly Contender[],
  rounds: number,
  tell: (line: string) => void,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const measured = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const shift = round % contenders.length;
    for (const { name, run } of [...contenders.slice(shift), ...contenders.slice(0, shift)]) {
      const figure = await run();
      measured.get(name)?.push(figure);
      tell(`round ${round + 1} of ${rounds}: ${name}: ${Math.round(figure).toLocaleString('en')}`);
    }
  }
  return measured;
};
