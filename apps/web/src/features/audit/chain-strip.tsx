import type { AuditChain } from '@muster/client'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'
import type { Verification } from './use-verification.ts'

type Part = { key: string; fromSeq: number; toSeq: number; look: string; label: string }

/** The part of a verification that the strip draws. The faults of an earlier one have no kind. */
type Found = Pick<Verification, 'checkedTo' | 'erasedRuns'> & {
  faults: readonly { kind?: string; seq: number; toSeq?: number | undefined }[]
}

/** Returns what the last verification left in the log. */
export function foundBefore({ lastVerification }: AuditChain): Found | undefined {
  if (!lastVerification) return undefined
  const { toSeq, firstBrokenSeq } = lastVerification
  return { checkedTo: toSeq, erasedRuns: [], faults: firstBrokenSeq === null ? [] : [{ seq: firstBrokenSeq }] }
}

/** Returns the parts of the chain in the order in which they are drawn: what is broken lies above all. */
function partsOf(chain: AuditChain, result: Found | undefined): Part[] {
  const range = ({ fromSeq, toSeq }: { fromSeq: number; toSeq: number }) =>
    fromSeq === toSeq
      ? m.ops_audit_number({ seq: formatNumber(fromSeq) })
      : m.ops_audit_numbers({ from: formatNumber(fromSeq), to: formatNumber(toSeq) })
  const verified = result && result.checkedTo > 0 ? [{ fromSeq: 1, toSeq: result.checkedTo }] : []
  return [
    ...verified.map((run) => ({ ...run, look: 'bg-success', label: m.ops_audit_part_verified({ range: range(run) }) })),
    ...chain.dropped.map((run) => ({
      ...run,
      look: 'bg-control',
      label: m.ops_audit_part_dropped({ range: range(run) }),
    })),
    ...(result?.erasedRuns ?? []).map((run) => ({
      ...run,
      look: 'bg-chart-2',
      label: m.ops_audit_part_erased({ range: range(run), count: formatNumber(run.events) }),
    })),
    ...(result?.faults ?? []).map(({ kind, seq, toSeq = seq }) => ({
      fromSeq: seq,
      toSeq,
      look: 'bg-danger z-10',
      label: kind
        ? m.ops_audit_part_broken({ range: range({ fromSeq: seq, toSeq }), kind })
        : m.ops_audit_part_broken_first({ range: range({ fromSeq: seq, toSeq }) }),
    })),
  ].map((part, index) => ({ ...part, key: `${index}-${part.fromSeq}` }))
}

/** The chain from its first event to its last: what is verified, erased, dropped and broken. The list below has the same as text. */
export function ChainStrip({ chain, result }: { chain: AuditChain; result: Found | undefined }) {
  const parts = partsOf(chain, result)
  const last = Math.max(1, chain.head.seq, ...parts.map(({ toSeq }) => toSeq))
  const place = ({ fromSeq, toSeq }: Pick<Part, 'fromSeq' | 'toSeq'>) => {
    const start = Math.min(1, Math.max(0, (fromSeq - 1) / last))
    return { insetInlineStart: `${start * 100}%`, width: `${Math.max(0, Math.min(1, toSeq / last) - start) * 100}%` }
  }
  const legend = [
    ['bg-success', m.ops_audit_legend_verified()],
    ['bg-raised', m.ops_audit_legend_unverified()],
    ['bg-chart-2', m.ops_audit_legend_erased()],
    ['bg-control', m.ops_audit_legend_dropped()],
    ['bg-danger', m.ops_audit_legend_broken()],
  ]
  return (
    <div>
      <div
        role="img"
        aria-label={m.ops_audit_strip({ count: formatNumber(chain.head.seq) })}
        className="relative h-9 overflow-hidden rounded-md border border-line bg-raised"
      >
        {parts.map((part) => (
          <span key={part.key} style={place(part)} className={cx('absolute inset-y-0 min-w-0.5', part.look)} />
        ))}
      </div>
      <div aria-hidden="true" className="relative mt-1 h-5 text-xs text-ink-3">
        {monthsShown(chain.months, last).map(({ month, fromSeq, toSeq }) => (
          <span
            key={month}
            style={place({ fromSeq, toSeq })}
            className="absolute truncate border-s border-line ps-1 tabular-nums"
          >
            {month}
          </span>
        ))}
      </div>
      <ul aria-hidden="true" className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink-2">
        {legend.map(([look, label]) => (
          <li key={label} className="flex items-center gap-2">
            <span className={cx('size-3 rounded-[3px] border border-line', look)} />
            {label}
          </li>
        ))}
      </ul>
      {parts.length > 0 && (
        <details className="mt-3">
          <summary className="link w-fit cursor-pointer text-sm">{m.ops_audit_parts()}</summary>
          <ul className="mt-2 max-h-60 overflow-y-auto text-sm text-ink-2">
            {parts.map(({ key, label }) => (
              <li key={key}>{label}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

/** The months that are wide enough for their name. */
const monthsShown = (months: AuditChain['months'], last: number) =>
  months.filter(({ fromSeq, toSeq }) => (toSeq - fromSeq + 1) / last > 0.07)
