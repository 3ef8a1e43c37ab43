import type { AdminOrganizationDetail, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Mail, UserX } from 'lucide-react'
import { formatInstant } from '../../lib/dates.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Progress } from '../../ui/progress.tsx'
import { Facts } from '../admin/facts.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { InviteList } from '../admin-invites/invite-list.tsx'
import { factorNames } from '../admin-users/factor-names.ts'
import { UserList } from '../admin-users/user-list.tsx'
import { bytesText } from '../attachments/bytes-text.ts'
import { anyOrganizationQuery } from './queries.ts'

/** Counting tasks stops above this. */
const maxTasks = 10_000
/** The share of the quota from which the bar warns. */
const nearlyFull = 0.9

/** One organization as operators see it: storage, members, invitations. */
export function AnyOrganizationPage({ organizationId, reader }: { organizationId: string; reader: User }) {
  const { data: organization, error, refetch } = useQuery(anyOrganizationQuery(organizationId))
  const isShown = useInSteps(organization !== undefined)
  if (!organization || !isShown)
    return (
      <OpsPage key="loading" title={m.ops_people_organization()} isTitleHidden={!error} isLoading={!error}>
        {error && (
          <ErrorState
            error={error}
            onRetry={refetch}
            action={<ButtonLink to="/ops/organizations">{m.ops_people_organizations_to_all()}</ButtonLink>}
          />
        )}
      </OpsPage>
    )
  return (
    <OpsPage
      title={organization.name}
      tabTitle={`${organization.name} · ${m.ops_people_organizations()}`}
      description={organization.isPersonal ? m.ops_people_personal_text() : undefined}
    >
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <StorageCard organization={organization} />
        <AboutCard organization={organization} timeZone={reader.timezone} />
      </div>
      <section className="mt-8">
        <h2 className="mb-3 text-xl">{m.ops_people_members()}</h2>
        <UserList
          filters={{ organizationId }}
          empty={<EmptyState icon={<UserX />} title={m.ops_people_no_members()} />}
        />
      </section>
      <section className="mt-8">
        <h2 className="mb-3 text-xl">{m.invites_invitations()}</h2>
        <InviteList
          filters={{ organizationId }}
          reader={reader}
          empty={<EmptyState icon={<Mail />} title={m.ops_people_no_invites_here()} />}
        />
      </section>
    </OpsPage>
  )
}

function StorageCard({ organization }: { organization: AdminOrganizationDetail }) {
  const { usedBytes, quotaBytes, fileCount, taskCount } = organization
  const share = quotaBytes > 0 ? usedBytes / quotaBytes : 1
  return (
    <Card title={m.ops_people_storage()}>
      <p className="mb-2">{m.ops_people_used_of({ used: bytesText(usedBytes), quota: bytesText(quotaBytes) })}</p>
      <Progress
        label={m.ops_people_storage()}
        value={share}
        tone={share >= 1 ? 'danger' : share >= nearlyFull ? 'warning' : 'accent'}
      />
      <div className="mt-5">
        <Facts
          rows={[
            [m.ops_people_files(), formatNumber(fileCount)],
            [
              m.ops_people_tasks(),
              taskCount > maxTasks
                ? m.ops_people_more_than({ count: formatNumber(maxTasks) })
                : formatNumber(taskCount),
            ],
          ]}
        />
      </div>
    </Card>
  )
}

function AboutCard({ organization, timeZone }: { organization: AdminOrganizationDetail; timeZone: string }) {
  const { id, twoFactorMethod, membersLackingFactor, memberCount, inactiveMembers, admins, createdAt } = organization
  return (
    <Card title={m.ops_people_about()}>
      <Facts
        rows={[
          [
            m.ops_people_members(),
            inactiveMembers > 0
              ? m.ops_people_members_inactive({
                  count: formatNumber(memberCount),
                  inactive: formatNumber(inactiveMembers),
                })
              : formatNumber(memberCount),
          ],
          [
            m.ops_people_admins(),
            admins.length > 0 ? (
              <ul key="admins">
                {admins.map((admin) => (
                  <li key={admin.id}>
                    <Link to="/ops/people/$userId" params={{ userId: admin.id }} className="link break-words">
                      <bdi>{admin.name}</bdi>
                    </Link>
                  </li>
                ))}
              </ul>
            ) : (
              m.ops_people_no_admins()
            ),
          ],
          [m.ops_people_required_factor(), factorNames[twoFactorMethod]()],
          [m.ops_people_lacking_factor(), twoFactorMethod === 'none' ? null : formatNumber(membersLackingFactor)],
          [m.ops_people_since(), formatInstant(createdAt, { timeZone, dateStyle: 'medium', timeStyle: 'short' })],
          [
            m.ops_people_id(),
            <code key="id" className="font-mono text-sm break-all select-all">
              {id}
            </code>,
          ],
        ]}
      />
    </Card>
  )
}
