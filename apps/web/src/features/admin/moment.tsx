import { formatInstant } from '../../lib/dates.ts'

/** An instant to the second, in the zone of the reader. */
export function Moment({ at, timeZone }: { at: string; timeZone: string }) {
  return (
    <time dateTime={at} className="tabular-nums">
      {formatInstant(at, { timeZone, dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  )
}
