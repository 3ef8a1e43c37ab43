import type { ReactNode } from 'react'
import { z } from '../../lib/zod.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { Form, FormError, SubmitButton, useMusterForm } from '../../ui/form.tsx'
import { doneAlready } from './done-already.ts'
import { noteLength } from './note-field.tsx'

const schema = z.object({
  note: z.string().check(z.trim(), z.minLength(noteLength.min), z.maxLength(noteLength.max)),
})

type Props = {
  title: string
  /** The consequences of the action, in words. */
  children: ReactNode
  /** The verb of the action. */
  submitLabel: string
  /** The action cannot be done now; why stands in `children`. */
  isRefused?: boolean | undefined
  /** Does it. What it throws is shown, and what was typed stays. */
  onSubmit: (note: string) => Promise<void>
  onClose: () => void
}

/** Says what an action will do, and asks for the reason, which the audit log keeps. */
export function ReasonDialog({ title, children, submitLabel, isRefused, onSubmit, onClose }: Props) {
  const form = useMusterForm(schema, {
    defaultValues: { note: '' },
    sentenceOf: doneAlready,
    async onSubmit({ note }) {
      await onSubmit(note)
      onClose()
    },
  })
  return (
    <Dialog open title={title} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Form form={form}>
        {children}
        {!isRefused && (
          <Field label={m.ops_people_note()} hint={m.ops_people_note_hint()} error={form.errorOf('note')}>
            <TextArea {...form.register('note')} rows={2} required />
          </Field>
        )}
        <FormError form={form} />
        <div className="flex flex-col-reverse gap-2.5 sm:flex-row sm:justify-end">
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          {!isRefused && <SubmitButton form={form}>{submitLabel}</SubmitButton>}
        </div>
      </Form>
    </Dialog>
  )
}
