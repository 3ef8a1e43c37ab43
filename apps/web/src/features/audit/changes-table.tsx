import { m } from '../../paraglide/messages.js'
import { Table } from '../../ui/table.tsx'
import { changesOf } from './changes.ts'

/** What an event changed: each field before and after. */
export function ChangesTable({ before, after }: { before: unknown; after: unknown }) {
  const changes = changesOf(before, after)
  if (changes.length === 0) return <p className="text-ink-3">{m.ops_audit_no_fields()}</p>
  const isComparison = before !== null && before !== undefined
  return (
    <Table
      caption={m.ops_audit_changes()}
      rows={changes}
      keyOf={({ field }) => field}
      columns={[
        {
          key: 'field',
          header: m.ops_audit_field(),
          cell: ({ field }) => <code className="break-words">{field}</code>,
        },
        ...(isComparison
          ? [
              {
                key: 'before',
                header: m.ops_audit_before(),
                cell: (change: (typeof changes)[number]) =>
                  change.before !== undefined && (
                    <del className={valueClass(change, 'bg-danger-soft')}>
                      <bdi>{change.before}</bdi>
                    </del>
                  ),
              },
            ]
          : []),
        {
          key: 'after',
          header: isComparison ? m.ops_audit_after() : m.ops_audit_value(),
          cell: (change) =>
            change.after !== undefined && (
              <ins className={valueClass(change, isComparison ? 'bg-success-soft' : '')}>
                <bdi>{change.after}</bdi>
              </ins>
            ),
        },
      ]}
    />
  )
}

const valueClass = ({ before, after }: { before?: string | undefined; after?: string | undefined }, tone: string) =>
  `rounded-sm px-1 break-all whitespace-pre-wrap no-underline ${before === after ? '' : tone}`
