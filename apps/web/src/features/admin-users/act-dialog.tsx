import type { AdminUser, UserConsequences } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { ReasonDialog } from '../admin/reason-dialog.tsx'
import { roleName } from '../invites/roles.ts'
import { consequencesQuery } from './queries.ts'
import { userRoles } from './search.ts'

export type UserAction = UserConsequences['action']

const titles: Record<UserAction, (user: { name: string }) => string> = {
  deactivate: m.ops_people_deactivate_title,
  reactivate: m.ops_people_reactivate_title,
  changeRole: m.ops_people_change_role_title,
  revokeSessions: m.ops_people_revoke_title,
  sendPasswordLink: m.ops_people_link_title,
}
const verbs: Record<UserAction, () => string> = {
  deactivate: m.ops_people_deactivate,
  reactivate: m.ops_people_reactivate,
  changeRole: m.ops_people_change_role,
  revokeSessions: m.ops_people_revoke,
  sendPasswordLink: m.ops_people_link,
}

/** Tells what an action will do to a person, asks for the reason, and does it. */
export function ActDialog({ user, action, onClose }: { user: AdminUser; action: UserAction; onClose: () => void }) {
  const [role, setRole] = useState(user.role)
  const isChosen = action !== 'changeRole' || role !== user.role
  const consequences = useQuery({
    ...consequencesQuery(user.id, { action, ...(action === 'changeRole' && { role }) }),
    enabled: isChosen,
  })
  const { data, error } = consequences
  return (
    <ReasonDialog
      title={titles[action]({ name: user.name })}
      submitLabel={verbs[action]()}
      isRefused={data ? data.refusal !== null || data.changesNothing : true}
      onClose={onClose}
      onSubmit={async (note) => {
        try {
          await act(user, { action, role, note })
        } finally {
          // Also after a refusal: it says that the page shows what is no longer so.
          await queryClient.invalidateQueries({ queryKey: ['admin-users'] })
        }
      }}
    >
      {action === 'changeRole' && (
        <Field label={m.ops_people_new_role()}>
          <Select
            value={role}
            items={userRoles.map((value) => ({ value, label: roleName(value) }))}
            onChange={setRole}
          />
        </Field>
      )}
      {!isChosen ? (
        <p className="text-ink-3">{m.ops_people_choose_role()}</p>
      ) : data ? (
        <Told consequences={data} user={user} />
      ) : error ? (
        <ErrorState error={error} onRetry={consequences.refetch} className="py-2" />
      ) : (
        <Skeleton className="h-24" />
      )}
    </ReasonDialog>
  )
}

type Act = { action: UserAction; role: AdminUser['role']; note: string }

async function act({ id, name }: AdminUser, { action, role, note }: Act): Promise<void> {
  if (action === 'revokeSessions') {
    const count = await operator.admin.revokeSessions(id, { note })
    toast({ kind: 'success', title: m.ops_people_revoked({ name, count }) })
    return
  }
  if (action === 'sendPasswordLink') {
    await operator.admin.sendPasswordLink(id, { note })
    toast({ kind: 'success', title: m.ops_people_link_sent({ name }) })
    return
  }
  if (action === 'changeRole') {
    await operator.admin.updateUser(id, { role, note })
    toast({ kind: 'success', title: m.ops_people_role_changed({ name, role: roleName(role) }) })
    return
  }
  await operator.admin.updateUser(id, { isActive: action === 'reactivate', note })
  toast({
    kind: 'success',
    title: action === 'reactivate' ? m.ops_people_reactivated({ name }) : m.ops_people_deactivated({ name }),
  })
}

function Told({ consequences, user }: { consequences: UserConsequences; user: AdminUser }) {
  const { action, refusal, changesNothing, canUndo } = consequences
  if (changesNothing) return <Notice>{m.ops_people_changes_nothing()}</Notice>
  if (refusal)
    return (
      <Notice tone="warning" title={m.ops_people_refused()}>
        {refusalText(refusal.code, action, user)}
      </Notice>
    )
  const effects = sentencesOf(consequences, user)
  return (
    <div aria-live="polite" className="flex flex-col gap-3">
      {effects.length > 0 ? (
        <ul className="list-disc ps-5 marker:text-ink-3">
          {effects.map((sentence) => (
            <li key={sentence} className="py-0.5">
              {sentence}
            </li>
          ))}
        </ul>
      ) : (
        <p>{m.ops_people_no_effects()}</p>
      )}
      <p className="text-sm text-ink-3">
        {action === 'deactivate'
          ? m.ops_people_undo_deactivate()
          : action === 'sendPasswordLink'
            ? m.ops_people_link_limits()
            : canUndo
              ? m.ops_people_can_undo()
              : m.ops_people_cannot_undo()}
        {action === 'revokeSessions' && ` ${m.ops_people_password_stays()}`}
      </p>
    </div>
  )
}

/** Says why an action is refused to the operator, by the code of the answer. */
function refusalText(code: string, action: UserAction, { isActive }: AdminUser): string {
  if (code === 'LAST_ADMIN') return m.errors_last_admin()
  if (code !== 'CONFLICT') return m.ops_people_refused_role()
  if (action !== 'sendPasswordLink') return m.ops_people_needs_organization()
  return isActive ? m.ops_people_link_suppressed() : m.ops_people_link_inactive()
}

/** Returns a sentence for each thing that the action does. */
function sentencesOf(counts: UserConsequences, { email }: AdminUser): string[] {
  const { action } = counts
  const isBack = action === 'reactivate'
  const told: [number, (count: { count: number }) => string][] = [
    [counts.sessions, m.ops_people_effect_sessions],
    [counts.reminders, isBack ? m.ops_people_effect_reminders_again : m.ops_people_effect_reminders],
    [counts.invitations, isBack ? m.ops_people_effect_invitations_again : m.ops_people_effect_invitations],
    [counts.membersWithoutAdmin, m.ops_people_effect_without_admin],
    [counts.movedTasks, m.ops_people_effect_moved_tasks],
    [counts.leftGroups, m.ops_people_effect_left_groups],
    [counts.queuedMails, m.ops_people_effect_mails],
    [isBack ? 0 : counts.openTasks, m.ops_people_effect_tasks],
  ]
  const first: Record<UserAction, () => string[]> = {
    deactivate: () => [m.ops_people_effect_locked_out()],
    reactivate: () => [m.ops_people_effect_let_in()],
    changeRole: () => [m.ops_people_effect_rights()],
    revokeSessions: () => [m.ops_people_effect_sign_in_again()],
    sendPasswordLink: () => [
      m.ops_people_effect_link({ email }),
      m.ops_people_effect_earlier_links(),
      m.ops_people_effect_link_used(),
    ],
  }
  return [...first[action](), ...told.filter(([count]) => count > 0).map(([count, sentence]) => sentence({ count }))]
}
