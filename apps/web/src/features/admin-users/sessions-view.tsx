import type { AdminUser, UserSessions } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { userSessionsQuery } from './queries.ts'

const EndSessionDialog = lazy(async () => ({ default: (await import('./end-session-dialog.tsx')).EndSessionDialog }))

/** The reasons that the API records, in words. */
const endings: Record<string, () => string> = {
  'signed out': m.ops_people_ended_signed_out,
  'signed out everywhere': m.ops_people_ended_everywhere,
  'password changed': m.ops_people_ended_password,
  'password reset': m.ops_people_ended_reset,
  'account deleted': m.ops_people_ended_deleted,
  deactivated: m.ops_people_ended_deactivated,
  'ended by an administrator': m.ops_people_ended_administrator,
  'too many sessions': m.ops_people_ended_too_many,
  'replaced by a sign-in': m.ops_people_ended_replaced,
  'refresh token reused': m.ops_people_ended_reused,
  expired: m.ops_people_ended_expired,
}

type OpenSession = UserSessions['open'][number]

/** Where a person is signed in, and which sessions ended lately and why. */
export function SessionsView(props: { user: AdminUser; timeZone: string; mayEnd: boolean }) {
  const { user, timeZone, mayEnd } = props
  const [ending, setEnding] = useState<OpenSession>()
  const { data, error, refetch } = useQuery(userSessionsQuery(user.id))
  const exact = (instant: string) => formatInstant(instant, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  if (!data && error) return <ErrorState error={error} onRetry={refetch} />
  if (!data) return <Skeleton className="h-64 rounded-xl" />
  return (
    <div className="flex flex-col gap-5">
      <Card isFlush title={m.ops_people_open_sessions()}>
        {data.open.length === 0 && <Nothing>{m.ops_people_no_open_sessions()}</Nothing>}
        <ul>
          {data.open.map((session) => (
            <SessionItem
              key={session.id}
              session={session}
              action={
                mayEnd && (
                  <Button
                    size="sm"
                    aria-label={m.ops_people_end_session_of({ device: session.device.label })}
                    onClick={() => setEnding(session)}
                  >
                    {m.ops_people_end_session()}
                  </Button>
                )
              }
            >
              {m.ops_people_session_used({
                ago: formatRelative(session.lastUsedAt),
                since: exact(session.createdAt),
                until: exact(session.expiresAt),
              })}
            </SessionItem>
          ))}
        </ul>
      </Card>
      <Card isFlush title={m.ops_people_ended_sessions()}>
        {data.ended.length === 0 && <Nothing>{m.ops_people_no_ended_sessions()}</Nothing>}
        <ul>
          {data.ended.map((session) => (
            <SessionItem
              key={session.id}
              session={session}
              badge={
                session.endReason !== null && (
                  <Badge tone={session.endReason === 'refresh token reused' ? 'danger' : 'neutral'}>
                    {endings[session.endReason]?.() ?? session.endReason}
                  </Badge>
                )
              }
            >
              {m.ops_people_session_ended({ since: exact(session.createdAt), ended: exact(session.endedAt) })}
            </SessionItem>
          ))}
        </ul>
      </Card>
      {ending && (
        <Suspense>
          <EndSessionDialog user={user} session={ending} onClose={() => setEnding(undefined)} />
        </Suspense>
      )}
    </div>
  )
}

const Nothing = ({ children }: { children: ReactNode }) => <p className="px-5 pb-5 text-ink-3 sm:px-6">{children}</p>

function SessionItem(props: { session: OpenSession; badge?: ReactNode; action?: ReactNode; children: ReactNode }) {
  const { session, badge, action, children } = props
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line px-5 py-3.5 sm:px-6">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span title={session.userAgent ?? undefined} className="font-medium break-words">
            <bdi>{session.device.label}</bdi>
          </span>
          {session.ip !== null && <bdi className="text-sm text-ink-3">{session.ip}</bdi>}
          {badge}
        </p>
        <p className="text-sm text-ink-3">{children}</p>
      </div>
      {action}
    </li>
  )
}
