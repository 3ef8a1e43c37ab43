import { MusterError, type User } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, type MusterForm, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { toast } from '../../ui/toast.tsx'
import { friendErrorSentence, refreshFriends } from './use-friend-actions.ts'

const schema = z.object({ username: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)) })

type Props = { user: User; onClose: () => void }

/** Sends a friend request to somebody whose exact username the user knows. */
export function AddFriendDialog(props: Props) {
  return (
    <Dialog
      open
      title={m.friends_add_title()}
      description={m.friends_add_text()}
      onOpenChange={(isOpen) => !isOpen && props.onClose()}
    >
      <UsernameForm {...props} />
    </Dialog>
  )
}

function UsernameForm({ user, onClose }: Props) {
  const refuse = (message: string): void => form.setError('username', message, { shouldFocus: true })
  const form: MusterForm<z.infer<typeof schema>> = useMusterForm(schema, {
    defaultValues: { username: '' },
    sentenceOf: friendErrorSentence,
    async onSubmit({ username }) {
      const wanted = username.replace(/^@/, '').toLowerCase()
      if (wanted === '') return refuse(m.friends_no_such_username())
      if (wanted === user.username) return refuse(m.friends_yourself())
      const [found] = await muster.users.search({ q: wanted, limit: 1 })
      if (found?.username !== wanted) return refuse(m.friends_no_such_username())
      try {
        const { status } = await muster.friends.request({ userId: found.id })
        const name = { name: found.name }
        const title = status === 'accepted' ? m.friends_now_friends(name) : m.friends_requested(name)
        toast({ kind: 'success', title })
      } catch (error) {
        if (!(error instanceof MusterError) || error.code !== 'ALREADY_EXISTS') throw error
        return refuse(m.friends_already({ name: found.name }))
      }
      onClose()
      await refreshFriends()
    },
  })
  return (
    <Form form={form}>
      <Field
        label={m.friends_username()}
        hint={m.friends_username_hint({ username: user.username })}
        error={form.errorOf('username')}
      >
        <TextInput {...form.register('username')} autoComplete="off" autoCapitalize="none" spellCheck={false} />
      </Field>
      <FormError form={form} />
      <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
        <Button onClick={onClose}>{m.ui_cancel()}</Button>
        <SubmitButton form={form}>{m.friends_send_request()}</SubmitButton>
      </div>
    </Form>
  )
}
