import type { Ref } from 'react'
import { m } from '../../paraglide/messages.js'
import { Field, TextArea } from '../../ui/field.tsx'

export const noteLength = { min: 1, max: 500 }

type Props = {
  note: string
  onNote: (note: string) => void
  /** Whether to say that it is missing. */
  isMissing: boolean
  ref?: Ref<HTMLTextAreaElement>
}

/** The field for the reason of an action, outside of a form. */
export function NoteField({ note, onNote, isMissing, ref }: Props) {
  return (
    <Field
      label={m.ops_people_note()}
      hint={m.ops_people_note_hint()}
      error={isMissing ? m.ops_shell_note_missing() : undefined}
    >
      <TextArea
        ref={ref}
        rows={2}
        required
        maxLength={noteLength.max}
        value={note}
        onChange={({ target }) => onNote(target.value.replaceAll('\n', ' '))}
      />
    </Field>
  )
}
