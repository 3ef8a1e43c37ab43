import { addDays, type Day, dayOf, instantOf } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { DatePicker } from '../../ui/date-time-picker.tsx'
import { Field } from '../../ui/field.tsx'

/** Two days of a filter; both are included, and each may be left open. */
export type DayRange = { from?: Day | undefined; to?: Day | undefined }

/** Returns the moments at which the days of a range begin and end in a zone, also when its clock changes on one of them. */
export const momentsOf = ({ from, to }: DayRange, timeZone: string) => ({
  from: from && instantOf(from, '00:00', timeZone).toISOString(),
  before: to && instantOf(addDays(to, 1), '00:00', timeZone).toISOString(),
})

type Props = { value: DayRange; onChange: (value: DayRange) => void; timeZone: string }

/** Fields for the first and the last day of a filter. */
export function DayRangeFields({ value, onChange, timeZone }: Props) {
  const today = dayOf(new Date(), timeZone)
  return (
    <>
      <Field label={m.ops_mails_from()} className="w-full sm:w-46">
        <DatePicker
          isClearable
          size="sm"
          placeholder={m.ops_mails_any_day()}
          value={value.from ?? null}
          today={today}
          max={value.to}
          onChange={(day) => onChange({ ...value, from: day ?? undefined })}
        />
      </Field>
      <Field label={m.ops_mails_to()} className="w-full sm:w-46">
        <DatePicker
          isClearable
          size="sm"
          placeholder={m.ops_mails_any_day()}
          value={value.to ?? null}
          today={today}
          min={value.from}
          onChange={(day) => onChange({ ...value, to: day ?? undefined })}
        />
      </Field>
    </>
  )
}
