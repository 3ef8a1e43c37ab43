import type { AdminUser, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, LogOut, Mail, UserRoundCheck, UserRoundX } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { may } from '../admin/rights.ts'
import type { UserAction } from './act-dialog.tsx'
import { LogView } from './log-view.tsx'
import { MailsView } from './mails-view.tsx'
import { OverviewView } from './overview-view.tsx'
import { userQuery } from './queries.ts'
import type { PersonSearch, PersonView } from './search.ts'
import { SessionsView } from './sessions-view.tsx'
import { UserBadges } from './user-badges.tsx'

const ActDialog = lazy(async () => ({ default: (await import('./act-dialog.tsx')).ActDialog }))

type Props = {
  userId: string
  reader: User
  search: PersonSearch
  onSearch: (search: PersonSearch) => void
}

/** One person as operators see them, and what they can do. */
export function PersonPage({ userId, reader, search, onSearch }: Props) {
  const [action, setAction] = useState<UserAction>()
  const { data: user, error, refetch } = useQuery(userQuery(userId))
  const isShown = useInSteps(user !== undefined)
  if (!user || !isShown)
    return (
      <OpsPage key="loading" title={m.ops_people_person()} isTitleHidden={!error} isLoading={!error}>
        {error && (
          <ErrorState
            error={error}
            onRetry={refetch}
            action={<ButtonLink to="/ops/people">{m.ops_people_to_all()}</ButtonLink>}
          />
        )}
      </OpsPage>
    )
  const mayChange = may(reader.role, 'user.change') && reader.id !== user.id
  const views = { timeZone: reader.timezone, user }
  return (
    <OpsPage
      title={user.name}
      tabTitle={`${user.name} · ${m.ops_people_title()}`}
      description={
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <bdi>@{user.username}</bdi>
          <UserBadges user={user} />
        </span>
      }
      actions={mayChange && <Actions user={user} onAct={setAction} />}
    >
      <Tabs<PersonView>
        label={m.ops_people_person()}
        value={search.view ?? 'overview'}
        onChange={(view) => onSearch({ view: view === 'overview' ? undefined : view })}
        tabs={[
          { value: 'overview', label: m.ops_people_overview(), panel: <OverviewView {...views} /> },
          { value: 'sessions', label: m.ops_people_sessions(), panel: <SessionsView {...views} mayEnd={mayChange} /> },
          { value: 'mails', label: m.ops_people_mails(), panel: <MailsView {...views} /> },
          {
            value: 'log',
            label: m.ops_people_log(),
            panel: (
              <LogView
                {...views}
                side={search.by === 'them' ? 'by' : 'to'}
                onSide={(side) => onSearch({ view: 'log', by: side === 'by' ? 'them' : undefined })}
              />
            ),
          },
        ]}
      />
      {action && (
        <Suspense>
          <ActDialog user={user} action={action} onClose={() => setAction(undefined)} />
        </Suspense>
      )}
    </OpsPage>
  )
}

function Actions({ user, onAct }: { user: AdminUser; onAct: (action: UserAction) => void }) {
  return (
    <>
      <Button icon={<KeyRound aria-hidden="true" />} onClick={() => onAct('changeRole')}>
        {m.ops_people_change_role()}
      </Button>
      <Button icon={<LogOut aria-hidden="true" />} onClick={() => onAct('revokeSessions')}>
        {m.ops_people_revoke()}
      </Button>
      <Button icon={<Mail aria-hidden="true" />} onClick={() => onAct('sendPasswordLink')}>
        {m.ops_people_link()}
      </Button>
      {user.isActive ? (
        <Button icon={<UserRoundX aria-hidden="true" />} onClick={() => onAct('deactivate')} className="text-danger">
          {m.ops_people_deactivate()}
        </Button>
      ) : (
        <Button variant="primary" icon={<UserRoundCheck aria-hidden="true" />} onClick={() => onAct('reactivate')}>
          {m.ops_people_reactivate()}
        </Button>
      )}
    </>
  )
}
