import type { User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { firstMembersQuery } from '../members/queries.ts'
import { organizationQuery } from './queries.ts'
import { lacksFactor, type RequiredFactor, requirementLabels } from './required-factor.ts'

const namesShown = 5

type Props = {
  user: User
  present: RequiredFactor
  wanted: RequiredFactor
  onClose: (isSaved: boolean) => void
}

/** Says what happens when another second factor is required, and to whom, before it is so. */
export function RequireFactorDialog({ user, present, wanted, onClose }: Props) {
  const [isPending, setIsPending] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  async function save() {
    setIsPending(true)
    setFailure(undefined)
    try {
      const saved = await muster.organization.update({ twoFactorMethod: wanted })
      queryClient.setQueryData(organizationQuery.queryKey, saved)
      toast({ kind: 'success', title: m.organizations_factor_saved() })
      onClose(true)
      // Who lacks the factor themselves is led to its set-up now.
      await muster.session.restore()
      await queryClient.invalidateQueries({ queryKey: ['members'] })
    } catch (error) {
      renewRoleAfter(error)
      setFailure(error)
      setIsPending(false)
    }
  }
  return (
    <Dialog
      open
      title={wanted === 'none' ? m.organizations_factor_title_none() : m.organizations_factor_title()}
      description={wanted === 'none' ? undefined : requirementLabels[wanted]()}
      onOpenChange={(isOpen) => !isOpen && onClose(false)}
      footer={
        <>
          <Button onClick={() => onClose(false)}>{m.ui_cancel()}</Button>
          <Button variant="primary" isPending={isPending} onClick={() => void save()}>
            {wanted === 'none' ? m.organizations_factor_stop() : m.organizations_factor_require()}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {wanted === 'none' ? <p>{m.organizations_factor_stop_text()}</p> : <Consequences wanted={wanted} />}
        {wanted === 'otp' && present === 'totp' && <p>{m.organizations_factor_weaker()}</p>}
        {lacksFactor(user.twoFactorMethod, wanted) && (
          <Notice tone="warning">{m.organizations_factor_you_too()}</Notice>
        )}
        {failure !== undefined && (
          <Notice tone="danger" isAlert>
            {errorSentence(failure)}
          </Notice>
        )}
      </div>
    </Dialog>
  )
}

function Consequences({ wanted }: { wanted: 'otp' | 'totp' }) {
  const lacking = useQuery({ ...firstMembersQuery({ lacksFactor: wanted }, namesShown), staleTime: 0 })
  if (lacking.error && !lacking.data)
    return <ErrorState error={lacking.error} onRetry={lacking.refetch} className="py-4" />
  if (!lacking.data) return <Skeleton className="h-24" />
  const { items, total } = lacking.data
  if (total === 0) return <p>{m.organizations_factor_nobody_lacks()}</p>
  return (
    <div>
      <p>{m.organizations_factor_lacking({ count: total })}</p>
      <ul className="mt-2 list-disc ps-5">
        {items.map(({ id, name, username }) => (
          <li key={id} className="break-words">
            <bdi>{name}</bdi> <bdi className="text-ink-3">@{username}</bdi>
          </li>
        ))}
        {total > items.length && <li>{m.organizations_factor_more({ count: total - items.length })}</li>}
      </ul>
      <p className="mt-3 text-ink-2">{m.organizations_factor_until()}</p>
    </div>
  )
}
