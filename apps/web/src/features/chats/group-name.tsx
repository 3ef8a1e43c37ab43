import type { Chat } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Field, TextInput } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'

const schema = z.object({ name: z.string().check(z.trim(), z.minLength(1), z.maxLength(100)) })

/** Renames a group. */
export function GroupName({ chat }: { chat: Chat }) {
  const form = useMusterForm(schema, {
    defaultValues: { name: chat.name ?? '' },
    async onSubmit({ name }) {
      if (name !== chat.name) await muster.chats.update(chat.id, { name })
    },
  })
  return (
    <Form form={form} label={m.chats_rename()} className="gap-2">
      <Field label={m.chats_group_name()} error={form.errorOf('name')}>
        <div className="flex gap-2">
          <TextInput maxLength={100} autoComplete="off" {...form.register('name')} />
          <SubmitButton form={form} variant="secondary" className="shrink-0">
            {m.chats_rename()}
          </SubmitButton>
        </div>
      </Field>
      <FormError form={form} />
    </Form>
  )
}
