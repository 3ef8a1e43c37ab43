import type { Organization, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { firstMembersQuery } from '../members/queries.ts'

/** So many administrators are looked at for another one who is active. */
const adminsRead = 100

/** Lets somebody leave the organization, or says why they cannot. */
export function LeaveCard({ user, organization: { name, memberCount } }: { user: User; organization: Organization }) {
  const isAlone = memberCount === 1
  const isAdmin = user.role === 'client_admin'
  const admins = useQuery({
    ...firstMembersQuery({ role: 'client_admin' }, adminsRead),
    enabled: isAdmin && !isAlone,
  })
  const others = admins.data?.items.filter(({ id, isActive }) => isActive && id !== user.id)
  const isLastAdmin = isAdmin && others?.length === 0
  return (
    <Card title={m.organizations_leave()} description={m.organizations_leave_text()}>
      {isAlone ? (
        <p>{m.organizations_leave_alone()}</p>
      ) : isAdmin && admins.error && !admins.data ? (
        <ErrorState error={admins.error} onRetry={admins.refetch} className="py-4" />
      ) : isAdmin && !admins.data ? (
        <Skeleton className="h-10 w-40" />
      ) : isLastAdmin ? (
        <p>{m.organizations_leave_last_admin()}</p>
      ) : (
        <LeaveButton userId={user.id} name={name} />
      )}
    </Card>
  )
}

function LeaveButton({ userId, name }: { userId: string; name: string }) {
  const [isPending, setIsPending] = useState(false)
  const confirm = useConfirm()
  async function leave() {
    const isSure = await confirm({
      title: m.organizations_leave_title({ name }),
      text: m.organizations_leave_what(),
      confirmLabel: m.organizations_leave(),
      isDanger: true,
    })
    if (!isSure) return
    setIsPending(true)
    try {
      await muster.organization.removeMember(userId)
      toast({ kind: 'success', title: m.organizations_left({ name }) })
      await muster.session.restore()
    } catch (error) {
      toast({ kind: 'error', title: errorSentence(error) })
    }
    // Tasks, members and the organization itself are others now.
    await queryClient.invalidateQueries()
    setIsPending(false)
  }
  return (
    <Button isPending={isPending} onClick={() => void leave()} className="text-danger">
      {m.organizations_leave_next()}
    </Button>
  )
}
