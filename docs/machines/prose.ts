const FIRST_COMMENT = /^\/\*\n(?<body>[\s\S]*?)\n \*\/$/m;
const DEFINITION = /^(?<terms>`[^`]+`(?:, `[^`]+`)*)\s{2,}(?<meaning>.+)$/;

/**
 * The prose with which a machine's source opens: its first comment that documents no declaration. Aligned lines
 * of term and meaning become a list.
 */
export const proseOf = (source: string): string => {
  const body = FIRST_COMMENT.exec(source)?.groups?.body;
  if (body === undefined) throw new Error('A machine opens with prose: its states, its invariants, what fails');
  return body
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .map((line) => line.replace(DEFINITION, '- $<terms>: $<meaning>'))
    .join('\n');
};
