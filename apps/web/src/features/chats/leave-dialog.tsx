import type { Chat, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { isolated } from '../../lib/isolated.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { chatName } from './names.ts'
import { chatMembersQuery } from './queries.ts'

/** Leaves a group. The last admin of a group with other members names the one who follows. */
export default function LeaveDialog({ chat, user, onClose }: { chat: Chat; user: User; onClose: () => void }) {
  const members = useQuery(chatMembersQuery(chat.id))
  const [successorId, setSuccessorId] = useState<string | null>(null)
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>()
  const navigate = useNavigate()
  const others = members.data?.filter((member) => member.user.id !== user.id) ?? []
  const needsSuccessor = chat.role === 'admin' && others.length > 0 && !others.some(({ role }) => role === 'admin')
  const name = isolated(chatName(chat, user.id))
  async function leave(): Promise<void> {
    setIsPending(true)
    setError(undefined)
    try {
      await muster.chats.leave(chat.id, needsSuccessor ? { successorId } : {})
      toast({ kind: 'success', title: m.chats_left({ name }) })
      onClose()
      await navigate({ to: '/chats' })
    } catch (failure) {
      setError(failure)
      setIsPending(false)
    }
  }
  return (
    <Dialog
      open
      isAlert
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={m.chats_leave_title({ name })}
      description={m.chats_leave_text()}
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <Button
            variant="danger"
            isPending={isPending}
            isDisabled={members.isPending || (needsSuccessor && successorId === null)}
            onClick={() => void leave()}
          >
            {m.chats_leave_confirm()}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {members.isPending && <Skeleton className="h-11" />}
        {needsSuccessor && (
          <Field label={m.chats_successor()} hint={m.chats_leave_successor()}>
            <Select
              value={successorId}
              onChange={setSuccessorId}
              placeholder={m.chats_successor()}
              items={others.map((member) => ({
                value: member.user.id,
                label: `${isolated(member.user.name)} @${member.user.username}`,
              }))}
            />
          </Field>
        )}
        {(error ?? members.error) != null && (
          <Notice tone="danger" isAlert>
            {errorSentence(error ?? members.error)}
          </Notice>
        )}
      </div>
    </Dialog>
  )
}
