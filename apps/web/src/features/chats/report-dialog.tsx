import type { Chat, Message } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { toast } from '../../ui/toast.tsx'
import { previewOf } from './names.ts'

const schema = z.object({ reason: z.string().check(z.trim(), z.minLength(1), z.maxLength(1_000)) })

/** Reports a message to those who look after the chat. */
export default function ReportDialog(props: { chat: Chat; message: Message; onClose: () => void }) {
  const { chat, message, onClose } = props
  const form = useMusterForm(schema, {
    defaultValues: { reason: '' },
    async onSubmit({ reason }) {
      await muster.chats.reportMessage(chat.id, message.id, { reason })
      onClose()
      toast({ kind: 'success', title: m.chats_reported() })
    },
  })
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={m.chats_report_title()}
      description={chat.organizationId === null ? m.chats_report_to_platform() : m.chats_report_to_organization()}
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <SubmitButton form={form} onClick={() => void form.submit()}>
            {m.chats_report_send()}
          </SubmitButton>
        </>
      }
    >
      <Form form={form} label={m.chats_report_title()}>
        <blockquote
          dir="auto"
          className="line-clamp-4 rounded-md border-s-3 border-line bg-raised px-3 py-2 break-words"
        >
          {previewOf(message)}
        </blockquote>
        <Field label={m.chats_report_reason()} error={form.errorOf('reason')}>
          <TextArea rows={3} {...form.register('reason')} />
        </Field>
        <FormError form={form} />
      </Form>
    </Dialog>
  )
}
