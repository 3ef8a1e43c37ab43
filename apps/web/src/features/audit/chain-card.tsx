import type { AuditChain } from '@muster/client'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Moment } from '../admin/moment.tsx'
import { ChainStrip, foundBefore } from './chain-strip.tsx'
import { CompareHeads } from './compare-heads.tsx'
import { type ChainFault, useVerification, type Verification } from './use-verification.ts'

/** Above this, events wait longer than the audit worker ever lets them. */
const lateSeconds = 30

/** The chain of the log: of what it consists, whether it is whole, and whether it fits heads kept elsewhere. */
export function ChainCard({ chain, timeZone }: { chain: UseQueryResult<AuditChain>; timeZone: string }) {
  return (
    <Card title={m.ops_audit_chain()} description={m.ops_audit_chain_text()} className="mb-6">
      {chain.data ? (
        <Chain chain={chain.data} timeZone={timeZone} />
      ) : chain.error ? (
        <ErrorState error={chain.error} onRetry={chain.refetch} />
      ) : (
        <Skeleton className="h-56" />
      )}
    </Card>
  )
}

function Chain({ chain, timeZone }: { chain: AuditChain; timeZone: string }) {
  const verification = useVerification()
  const { result, error, isRunning, canContinue, start, goOn, stop } = verification
  const { head, pendingSeconds, announced } = chain
  return (
    <div className="flex flex-col gap-5">
      <p className="text-ink-2">
        {m.ops_audit_head_is({ count: formatNumber(head.seq) })} <Moment at={head.at} timeZone={timeZone} />
        {pendingSeconds > lateSeconds && (
          <span className="block text-warning">
            {m.ops_audit_late({ seconds: formatNumber(Math.round(pendingSeconds)) })}
          </span>
        )}
      </p>
      <ChainStrip chain={chain} result={result ?? foundBefore(chain)} />
      {!result && chain.lastVerification && <LastVerification {...chain.lastVerification} timeZone={timeZone} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button variant="primary" isPending={isRunning} onClick={start}>
          {result ? m.ops_audit_verify_again() : m.ops_audit_verify()}
        </Button>
        {isRunning && <Button onClick={stop}>{m.ops_audit_stop()}</Button>}
        {!isRunning && canContinue && <Button onClick={goOn}>{m.ops_audit_continue()}</Button>}
        <p className="basis-full text-sm text-ink-3">{m.ops_audit_verify_text()}</p>
      </div>
      {isRunning && (
        <Progress label={m.ops_audit_verifying()} value={head.seq > 0 ? (result?.checkedTo ?? 0) / head.seq : 1} />
      )}
      {error !== undefined && <ErrorState error={error} onRetry={canContinue ? goOn : start} className="py-4" />}
      <div role="status">{result && <Findings result={result} isRunning={isRunning} />}</div>
      <details>
        <summary className="link w-fit cursor-pointer">{m.ops_audit_heads()}</summary>
        <div className="mt-3 flex flex-col gap-4">
          {announced ? (
            <p className="text-sm text-ink-2">
              {m.ops_audit_announced()} <code className="break-all select-all">{announced}</code>{' '}
              <CopyButton size="sm" text={announced} />
            </p>
          ) : (
            <p className="text-sm text-ink-2">
              {chain.unknown.includes('announced') ? m.ops_audit_announced_unknown() : m.ops_audit_announced_none()}
            </p>
          )}
          <CompareHeads />
        </div>
      </details>
    </div>
  )
}

/** Shows what the last verification found, so that a broken chain is not forgotten with the page. */
function LastVerification({
  at,
  complete,
  firstBrokenSeq,
  timeZone,
}: NonNullable<AuditChain['lastVerification']> & { timeZone: string }) {
  const title = (
    <>
      {m.ops_audit_last()} <Moment at={at} timeZone={timeZone} />
    </>
  )
  if (firstBrokenSeq === null)
    return <Notice title={title}>{complete ? m.ops_audit_last_whole() : m.ops_audit_last_part()}</Notice>
  return (
    <Notice tone="danger" title={title}>
      {m.ops_audit_last_broken({ seq: formatNumber(firstBrokenSeq) })}{' '}
      <Link to="/ops/audit" search={{ seq: firstBrokenSeq }} hash="events" className="link whitespace-nowrap">
        {m.ops_audit_show_row()}
      </Link>
    </Notice>
  )
}

function Findings({ result, isRunning }: { result: Verification; isRunning: boolean }) {
  const { checked, erased, dropped, faults, isComplete } = result
  const counts = m.ops_audit_counts({
    checked: formatNumber(checked),
    erased: formatNumber(erased),
    dropped: formatNumber(dropped),
  })
  if (faults.length > 0)
    return (
      <Notice tone="danger" title={m.ops_audit_broken()}>
        <p>{counts}</p>
        <ul className="mt-2 max-h-80 overflow-y-auto">
          {faults.map((fault) => (
            <li key={`${fault.kind} ${fault.seq} ${fault.eventId ?? ''}`} className="py-1">
              <Fault fault={fault} />
            </li>
          ))}
        </ul>
        <p className="mt-2">{m.ops_audit_not_known()}</p>
      </Notice>
    )
  if (isRunning) return null
  return (
    <Notice
      tone={isComplete ? 'success' : 'info'}
      title={isComplete ? m.ops_audit_whole() : m.ops_audit_whole_so_far()}
    >
      {counts}
    </Notice>
  )
}

type FaultText = (values: { seq: string; to: string }) => string
const faultTexts: Record<ChainFault['kind'], FaultText> = {
  changed: m.ops_audit_fault_changed,
  'personal-changed': m.ops_audit_fault_personal_changed,
  'personal-removed': m.ops_audit_fault_personal_removed,
  inserted: m.ops_audit_fault_inserted,
  unlinked: m.ops_audit_fault_unlinked,
  'unknown-key': m.ops_audit_fault_unknown_key,
  removed: m.ops_audit_fault_removed,
  'checkpoint-forged': m.ops_audit_fault_checkpoint_forged,
  'cut-off': m.ops_audit_fault_cut_off,
  'head-mismatch': m.ops_audit_fault_head_mismatch,
  'head-forged': m.ops_audit_fault_head_forged,
}

function Fault({ fault: { kind, seq, toSeq, eventId } }: { fault: ChainFault }) {
  return (
    <>
      {faultTexts[kind]({ seq: formatNumber(seq), to: formatNumber(toSeq ?? seq) })}{' '}
      {eventId !== undefined && (
        <Link to="/ops/audit" search={{ seq }} hash="events" className="link whitespace-nowrap">
          {m.ops_audit_show_row()}
        </Link>
      )}
    </>
  )
}
