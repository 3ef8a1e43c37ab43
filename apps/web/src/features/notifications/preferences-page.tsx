import type { NewPreferences, NotificationType, Preferences } from '@muster/client'
import { useId } from 'react'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Switch } from '../../ui/switch.tsx'
import { Table } from '../../ui/table.tsx'
import { usePreferences } from '../profile/preferences.ts'

const types: readonly { type: NotificationType; label: () => string }[] = [
  { type: 'overdue', label: m.preferences_type_overdue },
  { type: 'upcoming', label: m.preferences_type_upcoming },
  { type: 'reminder', label: m.preferences_type_reminder },
  { type: 'general', label: m.preferences_type_general },
  { type: 'chat', label: m.preferences_type_chat },
  { type: 'invite', label: m.preferences_type_invite },
  { type: 'security', label: m.preferences_type_security },
]

const usualHours = { from: '22:00', to: '07:00' }

/** Lets somebody choose what reaches them, by which way and when. */
export function PreferencesPage({ timeZone }: { timeZone: string }) {
  const { data, error, refetch, change } = usePreferences()
  if (!data && error) return <ErrorState error={error} onRetry={refetch} />
  if (!data)
    return (
      <>
        <Skeleton className="h-[26rem] rounded-xl" />
        <Skeleton className="h-56 rounded-xl" />
        <Skeleton className="h-40 rounded-xl" />
      </>
    )
  return (
    <>
      <Card isFlush title={m.preferences_channels()} description={m.preferences_channels_text()}>
        <Table
          caption={m.preferences_channels()}
          rows={types}
          keyOf={({ type }) => type}
          columns={[
            { key: 'type', header: m.preferences_about(), cell: ({ label }) => label() },
            ...(['inApp', 'email'] as const).map((channel) => ({
              key: channel,
              header: channel === 'inApp' ? m.preferences_in_app() : m.preferences_email(),
              cell: ({ type, label }: (typeof types)[number]) => (
                <Checkbox
                  isLabelHidden
                  label={`${label()}: ${channel === 'inApp' ? m.preferences_in_app() : m.preferences_email()}`}
                  checked={data.notifications[type][channel]}
                  disabled={type === 'security' && channel === 'email'}
                  onChange={({ target }) => change({ notifications: { [type]: { [channel]: target.checked } } })}
                />
              ),
            })),
          ]}
        />
        <p className="border-t border-line px-5 py-3.5 text-sm text-ink-3 sm:px-6">{m.preferences_security_note()}</p>
      </Card>
      <Card title={m.preferences_tasks_and_chats()}>
        <div className="flex flex-col gap-4">
          <Switch
            label={m.preferences_digest()}
            hint={m.preferences_digest_hint()}
            checked={data.morningDigest}
            onChange={({ target }) => change({ morningDigest: target.checked })}
          />
          <Switch
            label={m.preferences_hour_before()}
            hint={m.preferences_hour_before_hint()}
            checked={data.hourBefore}
            onChange={({ target }) => change({ hourBefore: target.checked })}
          />
          <Switch
            label={m.preferences_mentions()}
            hint={m.preferences_mentions_hint()}
            checked={data.mentionsPassMute}
            onChange={({ target }) => change({ mentionsPassMute: target.checked })}
          />
        </div>
      </Card>
      <QuietHoursCard hours={data.quietHours} timeZone={timeZone} onChange={change} />
    </>
  )
}

type HoursProps = {
  hours: Preferences['quietHours']
  timeZone: string
  onChange: (change: NewPreferences) => void
}

function QuietHoursCard({ hours, timeZone, onChange }: HoursProps) {
  const set = (quietHours: Preferences['quietHours']) => onChange({ quietHours })
  return (
    <Card title={m.preferences_quiet()}>
      <Switch
        label={m.preferences_quiet_switch()}
        hint={m.preferences_quiet_hint({ zone: timeZone.replaceAll('_', ' ') })}
        checked={hours !== null}
        onChange={({ target }) => set(target.checked ? usualHours : null)}
      />
      {hours && (
        <div className="mt-4 flex flex-wrap gap-4">
          <HourField label={m.preferences_quiet_from()} value={hours.from} onSet={(from) => set({ ...hours, from })} />
          <HourField label={m.preferences_quiet_to()} value={hours.to} onSet={(to) => set({ ...hours, to })} />
        </div>
      )}
      {hours && hours.from === hours.to && (
        <p role="alert" className="mt-3 text-sm text-danger">
          {m.preferences_quiet_same()}
        </p>
      )}
    </Card>
  )
}

/** A time of day, which is sent when the field is left, since a half-typed time is another time. */
function HourField({ label, value, onSet }: { label: string; value: string; onSet: (value: string) => void }) {
  const id = useId()
  return (
    <label htmlFor={id} className="flex flex-col gap-1.5 text-[0.9375rem] font-medium">
      {label}
      <input
        key={value}
        id={id}
        type="time"
        required
        defaultValue={value}
        onBlur={({ target }) => {
          if (target.value === '') target.value = value
          else if (target.value !== value) onSet(target.value)
        }}
        className="control w-36 tabular-nums"
      />
    </label>
  )
}
