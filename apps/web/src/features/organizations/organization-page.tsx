import type { Organization, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { MailPlus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { InvitesView } from '../invites/invites-view.tsx'
import { invitableRoles } from '../invites/rights.ts'
import { MembersView } from '../members/members-view.tsx'
import { organizationQuery } from './queries.ts'
import type { OrganizationSearch, OrganizationView } from './search.ts'
import { SettingsView } from './settings-view.tsx'

const InviteDialog = lazy(async () => ({ default: (await import('../invites/invite-dialog.tsx')).InviteDialog }))

type Props = {
  search: OrganizationSearch
  user: User
  onSearch: (search: OrganizationSearch, isTyping?: boolean) => void
}

/** The organization of the user: its members, invitations and settings; for users without one, the invitations that they may send. */
export function OrganizationPage({ search, user, onSearch }: Props) {
  const [isInviting, setIsInviting] = useState(false)
  const invite = () => setIsInviting(true)
  const organization = useQuery({ ...organizationQuery, enabled: user.organizationId !== null })
  const isShown = useInSteps(organization.data !== undefined)
  const mayInvite = invitableRoles(user.role).length > 0
  const title = organization.data?.name ?? m.shell_organization()
  return (
    <Page
      title={title}
      width="narrow"
      tabTitle={m.shell_organization()}
      description={
        organization.data
          ? m.organizations_member_count({ count: organization.data.memberCount })
          : organization.isLoading && <Skeleton className="h-5 w-24" />
      }
      actions={
        mayInvite && (
          <Button variant="primary" icon={<MailPlus aria-hidden="true" />} onClick={invite}>
            {m.invites_invite()}
          </Button>
        )
      }
    >
      {user.organizationId === null ? (
        <>
          <Notice title={m.organizations_none_title()} className="mb-6">
            {m.organizations_none_text()}
          </Notice>
          <InvitesView {...{ user, search, onSearch }} onInvite={invite} />
        </>
      ) : isShown && organization.data ? (
        <Views {...{ search, user, onSearch, mayInvite }} organization={organization.data} onInvite={invite} />
      ) : organization.error ? (
        <ErrorState error={organization.error} onRetry={organization.refetch} />
      ) : (
        <PersonListSkeleton />
      )}
      {isInviting && (
        <Suspense>
          <InviteDialog user={user} onClose={() => setIsInviting(false)} />
        </Suspense>
      )}
    </Page>
  )
}

type ViewsProps = Props & { organization: Organization; mayInvite: boolean; onInvite: () => void }

function Views({ search, user, onSearch, organization, mayInvite, onInvite }: ViewsProps) {
  const isAdmin = user.role === 'client_admin'
  const { view = 'members' } = search
  const isShown = view !== 'invites' || mayInvite
  return (
    <Tabs<OrganizationView>
      label={m.shell_organization()}
      value={isShown ? view : 'members'}
      onChange={(next) => onSearch({ view: next === 'members' ? undefined : next })}
      tabs={[
        {
          value: 'members',
          label: m.members_members(),
          panel: <MembersView {...{ search, user, organization, onSearch, onInvite }} />,
        },
        ...(mayInvite
          ? [
              {
                value: 'invites' as const,
                label: m.invites_invitations(),
                panel: <InvitesView {...{ user, search, onSearch, onInvite }} />,
              },
            ]
          : []),
        {
          value: 'settings',
          label: isAdmin ? m.organizations_settings() : m.organizations_about(),
          panel: <SettingsView {...{ user, organization }} />,
        },
      ]}
    />
  )
}
