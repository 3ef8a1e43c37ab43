import type { AdminUser } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Facts } from '../admin/facts.tsx'
import { roleName } from '../invites/roles.ts'
import { factorNames } from './factor-names.ts'
import { userFactorsQuery } from './queries.ts'

type Props = { user: AdminUser; timeZone: string }

/** The account of a person, and how they sign in. */
export function OverviewView({ user, timeZone }: Props) {
  const exact = (instant: string) => formatInstant(instant, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <Card title={m.ops_people_account()}>
        <Facts
          rows={[
            [m.ops_people_email(), <bdi key="email">{user.email}</bdi>],
            [m.ops_people_role(), roleName(user.role)],
            [
              m.ops_people_organization(),
              user.organizationId === null ? null : (
                <Link
                  key="organization"
                  to="/ops/organizations/$organizationId"
                  params={{ organizationId: user.organizationId }}
                  className="link"
                >
                  <bdi>{user.organizationName}</bdi>
                </Link>
              ),
            ],
            [m.ops_people_zone(), user.timezone],
            [m.ops_people_since(), exact(user.createdAt)],
            [m.ops_people_seen(), user.lastSeenAt === null ? m.ops_people_never() : formatRelative(user.lastSeenAt)],
            [m.ops_people_deletion(), user.deletionRequestedAt && exact(user.deletionRequestedAt)],
            [
              m.ops_people_id(),
              <code key="id" className="font-mono text-sm break-all select-all">
                {user.id}
              </code>,
            ],
          ]}
        />
      </Card>
      <FactorsCard user={user} exact={exact} />
    </div>
  )
}

function FactorsCard({ user, exact }: { user: AdminUser; exact: (instant: string) => string }) {
  const { data, error, refetch } = useQuery(userFactorsQuery(user.id))
  const ways = [
    ...(user.hasPassword ? [m.ops_people_by_password()] : []),
    ...(user.authProviders.includes('google') ? [m.ops_people_by_google()] : []),
  ]
  return (
    <Card title={m.ops_people_sign_in()}>
      {data ? (
        <div className="flex flex-col gap-4">
          {data.passwordLockedUntil && (
            <Notice tone="warning">{m.ops_people_password_locked({ time: exact(data.passwordLockedUntil) })}</Notice>
          )}
          {data.codeLockedUntil && (
            <Notice tone="warning">{m.ops_people_code_locked({ time: exact(data.codeLockedUntil) })}</Notice>
          )}
          <Facts
            rows={[
              [m.ops_people_ways(), ways.length > 0 ? ways.join(', ') : m.ops_people_no_way()],
              [m.ops_people_factor(), factorNames[data.method]()],
              [m.ops_people_app_since(), data.appSince && exact(data.appSince)],
              [m.ops_people_codes_left(), data.method === 'totp' ? String(data.recoveryCodesLeft) : null],
              [m.ops_people_required_factor(), factorNames[data.requiredMethod]()],
            ]}
          />
        </div>
      ) : error ? (
        <ErrorState error={error} onRetry={refetch} className="py-4" />
      ) : (
        <Skeleton className="h-32" />
      )}
    </Card>
  )
}
