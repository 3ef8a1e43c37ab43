import type { InstallationStatus, User } from '@muster/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { operator } from '../../lib/operator.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { InView } from '../../ui/in-view.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { FlowCard } from '../admin-queues/flow-card.tsx'
import { QueuesCard } from '../admin-queues/queues-card.tsx'
import { type Concern, type ConcernPlace, concernsOf } from './attention.ts'
import { DependenciesCard } from './dependencies-card.tsx'
import { DoctorCard } from './doctor-card.tsx'
import { LagsCard } from './lags-card.tsx'
import { OpsPage } from './ops-page.tsx'
import { ProcessesCard } from './processes-card.tsx'
import { statusQuery } from './queries.ts'
import { nameOfPart } from './status-words.ts'

/** How Muster is doing, for operators. */
export function StatusPage({ user }: { user: User }) {
  const status = useQuery(statusQuery)
  const examination = useMutation({ mutationFn: () => operator.admin.examine() })
  const { data } = status
  const concerns = data ? concernsOf(data, user.timezone) : []
  const findings = examination.data?.checks.flatMap((check) => check.findings).length ?? 0
  return (
    <OpsPage
      title={m.ops_queues_title()}
      description={
        data
          ? summaryOf(data, concerns.length > 0 || findings > 0)
          : status.isPending && <Skeleton className="h-6 w-64 max-w-full" />
      }
      isLoading={status.isPending}
    >
      {data ? (
        <div className="flex flex-col gap-6">
          {data.health.isHeld && <Notice tone="warning">{m.ops_status_held()}</Notice>}
          {data.unknown.length > 0 && (
            <Notice tone="warning" title={m.ops_status_unknown()}>
              {m.ops_status_unknown_text({
                parts: data.unknown.map(({ part }) => nameOfPart(part)).join(', '),
                reasons: [...new Set(data.unknown.map(({ reason }) => reason))].join(', '),
              })}
            </Notice>
          )}
          {(concerns.length > 0 || findings > 0) && <Concerns concerns={concerns} findings={findings} />}
          <DependenciesCard health={data.health} />
          {data.queues && <QueuesCard queues={data.queues} />}
          <LagsCard status={data} />
          <InView className="h-80">
            <FlowCard timeZone={user.timezone} />
          </InView>
          {data.processes && <ProcessesCard processes={data.processes} timeZone={user.timezone} now={data.at} />}
          <DoctorCard examination={examination} />
        </div>
      ) : (
        status.error && <ErrorState error={status.error} onRetry={status.refetch} />
      )}
    </OpsPage>
  )
}

const summaries: Record<InstallationStatus['health']['status'], () => string> = {
  healthy: m.ops_status_healthy,
  degraded: m.ops_status_degraded,
  unhealthy: m.ops_status_unhealthy,
}
/** Something that is not well matters more than dependencies that answer. */
const summaryOf = ({ health, unknown }: InstallationStatus, isConcerned: boolean) => {
  const { status } = health
  const summary = status !== 'healthy' || !isConcerned ? summaries[status]() : m.ops_status_attention()
  const isKnown = status !== 'healthy' || unknown.length === 0 || isConcerned
  return `${isKnown ? summary : m.ops_status_unknown()} · ${m.ops_status_version({ version: health.version })}`
}

function Concerns({ concerns, findings }: { concerns: readonly Concern[]; findings: number }) {
  return (
    <Notice tone="warning" title={m.ops_status_not_well()}>
      <ul className="flex list-disc flex-col gap-1 ps-5">
        {concerns.map(({ text, place }) => (
          <li key={text} className="break-words">
            {place ? <PlaceLink place={place}>{text}</PlaceLink> : text}
          </li>
        ))}
        {findings > 0 && (
          <li>
            <PlaceLink place={{ card: 'doctor' }}>{m.ops_status_findings({ count: findings })}</PlaceLink>
          </li>
        )}
      </ul>
    </Notice>
  )
}

function PlaceLink({ place, children }: { place: ConcernPlace; children: string }) {
  if ('queue' in place)
    return (
      <Link to="/ops/queues/$queue" params={{ queue: place.queue }} className="link">
        {children}
      </Link>
    )
  if ('card' in place)
    return (
      <Link to="/ops" hash={place.card} className="link">
        {children}
      </Link>
    )
  if (place.page === 'audit log')
    return (
      <Link to="/ops/audit" className="link">
        {children}
      </Link>
    )
  return (
    <Link to="/ops/mails" search={{ status: 'failed' }} className="link">
      {children}
    </Link>
  )
}
