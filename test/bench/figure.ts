/** What a figure should come to. */
export interface Aim {
  readonly of: 'value' | 'ratio';
  readonly bound: 'at least' | 'under';
  readonly limit: number;
}

/** One line of a bench's result. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** To the figure that it is compared with; null: it is compared with none. */
  readonly ratio: number | null;
  /** What the ratio is to, in words. */
  readonly against: string | null;
  readonly aim: Aim | null;
}

/** Null where nothing was aimed at. */
export const isMet = ({ aim, value, ratio }: Figure): boolean | null => {
  if (aim === null) return null;
  const figure = aim.of === 'value' ? value : (ratio ?? Number.NaN);
  return aim.bound === 'at least' ? figure >= aim.limit : figure < aim.limit;
};

export const plain = (name: string, value: number, unit: string): Figure => ({
  name,
  value,
  unit,
  ratio: null,
  against: null,
  aim: null,
});
