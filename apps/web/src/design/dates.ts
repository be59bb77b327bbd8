const LOCALE = 'en-GB';

/** A day, such as `4 Mar 2027`, in the given IANA zone. */
export function formatDay(instant: string, zone: string): string {
  return format(instant, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A day and minute with its zone, such as `Thu 4 Mar 2027, 09:00 CET`. */
export function formatMoment(instant: string, zone: string): string {
  return format(instant, zone, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
}

/** A moment without weekday and zone, such as `4 Mar 2027, 09:00`: for the clock, where room is scarce. */
export function formatClock(instant: string, zone: string): string {
  return format(instant, zone, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}

/** A near moment without its year, such as `Thu 4 Mar, 09:00`: for the next slot of a queue. */
export function formatSlot(instant: string, zone: string): string {
  return format(instant, zone, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** The zone that the browser is set to. */
export function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every IANA zone that the browser knows, the browser's own and UTC among them. */
export function knownZones(): readonly string[] {
  return [...new Set([...Intl.supportedValuesOf('timeZone'), browserZone(), 'UTC'])].sort();
}

function format(instant: string, zone: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime())
    ? instant
    : new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone }).format(date);
}
