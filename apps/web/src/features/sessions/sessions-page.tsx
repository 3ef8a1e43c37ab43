import type { Session } from '@muster/client'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Bot, CircleHelp, type LucideIcon, Monitor, Smartphone, SquareTerminal, Tablet, Tv } from 'lucide-react'
import { useState } from 'react'
import { compareCodes } from '../../lib/compare.ts'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'

const sessionsQuery = queryOptions({
  queryKey: ['sessions', 'list'],
  queryFn: ({ signal }) => muster.auth.sessions({ signal }),
  // No event tells of a sign-in elsewhere.
  staleTime: 0,
})

const icons: Record<Session['device']['kind'], LucideIcon> = {
  desktop: Monitor,
  mobile: Smartphone,
  tablet: Tablet,
  tv: Tv,
  bot: Bot,
  program: SquareTerminal,
  unknown: CircleHelp,
}

type Device = { label: string; kind: Session['device']['kind']; sessions: Session[] }

/** Puts the sessions of each device together: this one first, then the latest used. */
function devicesOf(sessions: readonly Session[]): Device[] {
  const ordered = sessions.toSorted(
    (one, other) => Number(other.current) - Number(one.current) || compareCodes(other.lastUsedAt, one.lastUsedAt),
  )
  const devices = new Map<string, Device>()
  for (const session of ordered) {
    const { label, kind } = session.device
    const device = devices.get(label) ?? { label, kind, sessions: [] }
    device.sessions.push(session)
    devices.set(label, device)
  }
  return [...devices.values()]
}

/** Lists the open sessions by device, and lets somebody end them. */
export function SessionsPage({ timeZone }: { timeZone: string }) {
  const sessions = useQuery(sessionsQuery)
  const confirm = useConfirm()
  const [ending, setEnding] = useState<ReadonlySet<string>>(new Set())
  const others = sessions.data?.filter(({ current }) => !current) ?? []

  /** Ends sessions one after the other; one that has ended meanwhile is no fault. */
  async function end(chosen: readonly Session[]): Promise<void> {
    setEnding(new Set(chosen.map(({ id }) => id)))
    let failure: unknown
    for (const { id } of chosen)
      await muster.auth.endSession(id).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'NOT_FOUND') failure ??= error
      })
    await queryClient.invalidateQueries({ queryKey: ['sessions'] })
    setEnding(new Set())
    if (failure !== undefined) toast({ kind: 'error', title: errorSentence(failure) })
    else toast({ kind: 'success', title: m.sessions_ended({ count: chosen.length }) })
  }
  async function endOthers() {
    const isSure = await confirm({
      title: m.sessions_end_others_title(),
      text: m.sessions_end_others_text(),
      confirmLabel: m.sessions_end_others(),
      isDanger: true,
    })
    if (isSure) await end(others)
  }

  if (sessions.error && !sessions.data) return <ErrorState error={sessions.error} onRetry={sessions.refetch} />
  return (
    <Card
      isFlush
      title={m.sessions_title()}
      description={m.sessions_text()}
      actions={
        others.length > 0 && (
          <Button isPending={ending.size > 1} onClick={endOthers}>
            {m.sessions_end_others()}
          </Button>
        )
      }
    >
      {sessions.data ? (
        <ul>
          {devicesOf(sessions.data).map((device) => (
            <DeviceItem key={device.label} device={device} timeZone={timeZone} ending={ending} onEnd={end} />
          ))}
        </ul>
      ) : (
        <div className="flex flex-col gap-4 p-5 pt-2 sm:px-6">
          <Skeleton className="h-16" />
          <Skeleton className="h-16" />
        </div>
      )}
      {sessions.data && others.length === 0 && (
        <p className="border-t border-line px-5 py-4 text-ink-3 sm:px-6">{m.sessions_only_this()}</p>
      )}
    </Card>
  )
}

type DeviceProps = {
  device: Device
  timeZone: string
  ending: ReadonlySet<string>
  onEnd: (sessions: readonly Session[]) => Promise<void>
}

function DeviceItem({ device, timeZone, ending, onEnd }: DeviceProps) {
  const Icon = icons[device.kind]
  const exact = (instant: string) => formatInstant(instant, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  return (
    <li className="flex gap-4 border-t border-line px-5 py-4 sm:px-6">
      <span
        aria-hidden="true"
        className="grid size-10 shrink-0 place-items-center rounded-lg bg-raised text-ink-2 [&_svg]:size-5"
      >
        <Icon />
      </span>
      <div className="min-w-0 flex-1">
        <h3 className="font-medium break-words">
          <bdi>{device.label}</bdi>
        </h3>
        <ul className="flex flex-col gap-3 pt-1">
          {device.sessions.map((session) => (
            <li key={session.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
              <div className="min-w-0 text-sm text-ink-3">
                <p>
                  {m.sessions_last_used()}{' '}
                  <time dateTime={session.lastUsedAt}>{formatRelative(session.lastUsedAt)}</time>
                  {session.ip !== null && (
                    <>
                      {' · '}
                      <bdi dir="ltr">{session.ip}</bdi>
                    </>
                  )}
                </p>
                <p>{m.sessions_since({ from: exact(session.createdAt), until: exact(session.expiresAt) })}</p>
              </div>
              {session.current ? (
                <Badge tone="success">{m.sessions_this()}</Badge>
              ) : (
                <Button
                  size="sm"
                  isPending={ending.has(session.id)}
                  aria-label={m.sessions_end_one({ device: device.label })}
                  onClick={() => void onEnd([session])}
                >
                  {m.sessions_end()}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </div>
    </li>
  )
}
