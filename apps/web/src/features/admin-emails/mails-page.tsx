import type { Email, User } from '@muster/client'
import { RotateCw } from 'lucide-react'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { DayRangeFields } from '../admin/day-range.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { textsRead } from '../admin/texts-read.ts'
import { statusLabels } from './labels.ts'
import { MailList } from './mail-list.tsx'
import { ResultsCard } from './results-card.tsx'
import { isWholeAddress, type MailsSearch, mailStatuses } from './search.ts'
import { SuppressionList } from './suppression-list.tsx'

export type MailsProps = { user: User; search: MailsSearch; onSearch: (search: MailsSearch) => void }

/** The mails and their delivery, for operators. */
export function MailsPage({ user, search, onSearch }: MailsProps) {
  return (
    <OpsPage
      title={m.ops_mails_title()}
      description={m.ops_mails_audited()}
      actions={
        <Button
          icon={<RotateCw aria-hidden="true" />}
          onClick={() => void queryClient.invalidateQueries({ queryKey: ['admin-emails'] })}
        >
          {m.ops_mails_refresh()}
        </Button>
      }
    >
      <Tabs
        label={m.ops_mails_title()}
        value={search.view ?? 'mails'}
        onChange={(view) => onSearch({ ...search, view: view === 'mails' ? undefined : view })}
        tabs={[
          { value: 'mails', label: m.ops_mails_tab_mails(), panel: <MailsView {...{ user, search, onSearch }} /> },
          {
            value: 'suppressions',
            label: m.ops_mails_tab_suppressed(),
            panel: <SuppressionsView {...{ user, search, onSearch }} />,
          },
        ]}
      />
    </OpsPage>
  )
}

function AddressField({ search, onSearch }: Omit<MailsProps, 'user'>) {
  const { address = '' } = search
  const isPart = address !== '' && !isWholeAddress(address)
  return (
    <Field
      label={m.ops_mails_address()}
      hint={isPart ? m.ops_mails_address_whole() : undefined}
      className="min-w-52 flex-1"
    >
      <SearchField
        label={m.ops_mails_address()}
        value={address}
        maxLength={254}
        onChange={(text) => onSearch({ ...search, address: text || undefined })}
      />
    </Field>
  )
}

function MailsView({ user, search, onSearch }: MailsProps) {
  const { timezone: timeZone } = user
  const { status, template = '', from, to, span = 'day' } = search
  return (
    <>
      <ResultsCard span={span} onSpan={(next) => onSearch({ ...search, span: next })} timeZone={timeZone} />
      <search className="mb-4 flex flex-wrap items-start gap-3">
        <AddressField search={search} onSearch={onSearch} />
        <Field label={m.ops_mails_template()} className="w-40">
          <SearchField
            label={m.ops_mails_template()}
            value={template}
            suggest={() => textsRead<Email>(['admin-emails', 'list'], (mail) => mail.template)}
            onChange={(text) => onSearch({ ...search, template: text || undefined })}
          />
        </Field>
        <Field label={m.ops_mails_status()}>
          <Select
            size="sm"
            value={status ?? 'all'}
            items={[
              { value: 'all' as const, label: m.ops_mails_status_all() },
              ...mailStatuses.map((value) => ({ value, label: statusLabels[value]() })),
            ]}
            onChange={(next) => onSearch({ ...search, status: next === 'all' ? undefined : next })}
          />
        </Field>
        <DayRangeFields
          value={{ from, to }}
          onChange={(range) => onSearch({ ...search, ...range })}
          timeZone={timeZone}
        />
      </search>
      <MailList search={search} timeZone={timeZone} onClear={() => onSearch({ span: search.span })} />
    </>
  )
}

function SuppressionsView({ user, search, onSearch }: MailsProps) {
  return (
    <>
      <search className="mb-4 flex">
        <AddressField search={search} onSearch={onSearch} />
      </search>
      <SuppressionList user={user} address={search.address} onClear={() => onSearch({ view: 'suppressions' })} />
    </>
  )
}
