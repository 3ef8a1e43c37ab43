import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Field, TextInput } from '../../ui/field.tsx'

const id = /(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])/i

/** A field for the id of a request, or a line of the log that has one. */
export function TraceForm() {
  const [text, setText] = useState('')
  const [error, setError] = useState<string>()
  const navigate = useNavigate()
  function find(event: FormEvent) {
    event.preventDefault()
    const found = (
      /requestid["']?\s*[:=]\s*["']?([0-9a-f-]{32,36})/i.exec(text)?.[1] ?? id.exec(text)?.[0]
    )?.toLowerCase()
    setError(found ? undefined : m.ops_trace_no_id())
    if (found) void navigate({ to: '/ops/trace/$requestId', params: { requestId: found } })
  }
  return (
    <form onSubmit={find} className="flex flex-wrap items-start gap-3">
      <Field label={m.ops_trace_id()} hint={m.ops_trace_id_hint()} error={error} className="min-w-64 flex-1">
        <TextInput
          dir="ltr"
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
          className="font-mono"
        />
      </Field>
      <Button type="submit" variant="primary" className="mt-[1.9rem]">
        {m.ops_trace_find()}
      </Button>
    </form>
  )
}
