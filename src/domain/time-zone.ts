/** What an IANA name looks like: offsets such as +02:00 know nothing of daylight saving time, and are none. */
const NAME = /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/;

/** Whether this is the name of a time zone that this machine knows, such as `Europe/Berlin` or `UTC`. */
export const isTimeZone = (name: string): boolean => {
  if (!NAME.test(name)) return false;
  try {
    return formatterOf(name) !== null;
  } catch {
    return false;
  }
};

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes a hundred times as long as using it. @throws RangeError for an unknown zone */
const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, formatter);
  return formatter;
};

/** What clocks of a zone show at an instant (ms), written as if it were UTC (ms). Whole seconds. */
export const wallTimeOf = (zone: string, at: number): number => {
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(at)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** How far clocks of a zone are ahead of UTC at an instant (ms), ms. */
export const offsetOf = (zone: string, at: number): number => {
  const whole = Math.floor(at / 1000) * 1000;
  return wallTimeOf(zone, whole) - whole;
};
