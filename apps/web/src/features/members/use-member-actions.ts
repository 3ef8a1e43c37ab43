import type { Member } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { useAction } from '../../lib/use-action.ts'
import { m } from '../../paraglide/messages.js'
import { type ConfirmOptions, useConfirm } from '../../ui/confirm.tsx'

/** Returns what a client_admin can do with another member, and whether one of it is under way. */
export function useMemberActions({ id, name }: Pick<Member, 'id' | 'name'>) {
  const confirm = useConfirm()
  const { place, isPending, run } = useAction({ changes: ['members', 'organizations'], onError: renewRoleAfter })

  async function ask(question: ConfirmOptions, action: () => Promise<string>): Promise<void> {
    if (await confirm(question)) await run(action)
  }

  return {
    place,
    isPending,
    promote: () =>
      ask(
        {
          title: m.members_promote_title({ name }),
          text: m.members_promote_text(),
          confirmLabel: m.members_promote(),
        },
        async () => {
          await muster.organization.updateMember(id, { role: 'client_admin' })
          return m.members_promoted({ name })
        },
      ),
    demote: () =>
      ask(
        {
          title: m.members_demote_title({ name }),
          text: m.members_demote_text(),
          confirmLabel: m.members_demote(),
          isDanger: true,
        },
        async () => {
          await muster.organization.updateMember(id, { role: 'client_user' })
          return m.members_demoted({ name })
        },
      ),
    deactivate: () =>
      ask(
        {
          title: m.members_deactivate_title({ name }),
          text: m.members_deactivate_text(),
          confirmLabel: m.members_deactivate(),
          isDanger: true,
        },
        async () => {
          await muster.organization.updateMember(id, { isActive: false })
          return m.members_deactivated({ name })
        },
      ),
    reactivate: () =>
      run(async () => {
        await muster.organization.updateMember(id, { isActive: true })
        return m.members_reactivated({ name })
      }),
    remove: () =>
      ask(
        {
          title: m.members_remove_title({ name }),
          text: m.members_remove_text(),
          confirmLabel: m.members_remove(),
          isDanger: true,
        },
        async () => {
          await muster.organization.removeMember(id)
          return m.members_removed({ name })
        },
      ),
  }
}
