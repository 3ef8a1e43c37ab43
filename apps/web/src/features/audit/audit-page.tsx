import type { ListedAuditEvent, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button, ExternalButtonLink } from '../../ui/button.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { DayRangeFields } from '../admin/day-range.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { textsRead } from '../admin/texts-read.ts'
import { ChainCard } from './chain-card.tsx'
import { EventList } from './event-list.tsx'
import { chainQuery, filtersOf } from './queries.ts'
import type { AuditSearch } from './search.ts'

type Props = { user: User; search: AuditSearch; onSearch: (search: AuditSearch) => void }

/** The audit log: its chain, and its events by filters. */
export function AuditPage({ user: { timezone: timeZone }, search, onSearch }: Props) {
  const exportUrl = (format: 'csv' | 'ndjson') => {
    const filters = Object.entries({ format, ...filtersOf(search, timeZone) }).map(([key, value]) => [
      key,
      String(value),
    ])
    return `/api/v1/admin/audit-events/export?${new URLSearchParams(filters as [string, string][])}`
  }
  const chain = useQuery(chainQuery)
  const isFiltered = Object.values(search).some((value) => value !== undefined)
  return (
    <OpsPage
      title={m.ops_audit_title()}
      actions={(['csv', 'ndjson'] as const).map((format) => (
        <ExternalButtonLink
          key={format}
          download
          href={exportUrl(format)}
          icon={<Download aria-hidden="true" />}
          data-tooltip={m.ops_audit_export_text()}
        >
          {m.ops_audit_export({ format: format.toUpperCase() })}
        </ExternalButtonLink>
      ))}
      // The address of an event leads to the events, which must be there to be scrolled to.
      isLoading={chain.isPending && search.seq === undefined}
    >
      <ChainCard chain={chain} timeZone={timeZone} />
      <h2 id="events" className="mb-3 scroll-mt-20 text-xl">
        {m.ops_audit_events()}
      </h2>
      <search className="mb-4 flex flex-wrap items-start gap-3">
        {(['action', 'targetType', 'targetId'] as const).map((name) => (
          <Field key={name} label={filterLabels[name]()} className="min-w-32 flex-1">
            <SearchField
              label={filterLabels[name]()}
              value={search[name] ?? ''}
              suggest={
                name === 'targetId'
                  ? undefined
                  : () => textsRead<ListedAuditEvent>(['audit', 'events'], (event) => event[name])
              }
              onChange={(text) => onSearch({ ...search, [name]: text || undefined })}
            />
          </Field>
        ))}
        <Field label={m.ops_audit_seq()} className="w-22">
          <TextInput
            inputMode="numeric"
            value={search.seq ?? ''}
            className="min-h-9 py-1 touch:min-h-11"
            onChange={({ target }) =>
              onSearch({ ...search, seq: /^\d{1,15}$/.test(target.value) ? Number(target.value) : undefined })
            }
          />
        </Field>
        <DayRangeFields
          value={{ from: search.from, to: search.to }}
          onChange={(range) => onSearch({ ...search, ...range })}
          timeZone={timeZone}
        />
        {isFiltered && (
          <Button variant="ghost" size="sm" className="self-end" onClick={() => onSearch({})}>
            {m.ops_mails_clear()}
          </Button>
        )}
      </search>
      <EventList search={search} timeZone={timeZone} onSearch={onSearch} />
    </OpsPage>
  )
}

const filterLabels = {
  action: m.ops_audit_action,
  targetType: m.ops_audit_target_type,
  targetId: m.ops_audit_target_id,
}
