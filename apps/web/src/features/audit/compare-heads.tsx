import type { AuditChain } from '@muster/client'
import { type FormEvent, useState } from 'react'
import { formatNumber } from '../../lib/numbers.ts'
import { operator } from '../../lib/operator.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, TextArea } from '../../ui/field.tsx'
import { Notice, type NoticeTone } from '../../ui/notice.tsx'
import { signedHeadsIn } from './signed-heads.ts'

type Compared = AuditChain['compared'][number]

const results: Record<Compared['result'], { tone: NoticeTone; text: (values: { seq: string }) => string }> = {
  matches: { tone: 'success', text: m.ops_audit_head_matches },
  forged: { tone: 'danger', text: m.ops_audit_head_forged },
  differs: { tone: 'danger', text: m.ops_audit_head_differs },
  'cut-off': { tone: 'danger', text: m.ops_audit_head_cut_off },
}

/** Compares signed heads, which somebody kept outside of the database, with the log. */
export function CompareHeads() {
  const [text, setText] = useState('')
  const [refusal, setRefusal] = useState<string>()
  const [isPending, setIsPending] = useState(false)
  const [compared, setCompared] = useState<readonly Compared[]>([])
  const [error, setError] = useState<unknown>()
  async function compare(event?: FormEvent) {
    event?.preventDefault()
    const heads = signedHeadsIn(text)
    setRefusal(heads.length === 0 ? m.ops_audit_head_none() : undefined)
    if (heads.length === 0) return
    setIsPending(true)
    setError(undefined)
    try {
      setCompared((await operator.admin.auditChain({ head: heads })).compared)
    } catch (failure) {
      setError(failure)
    }
    setIsPending(false)
  }
  return (
    <form onSubmit={(event) => void compare(event)} className="flex flex-col items-start gap-3">
      <Field label={m.ops_audit_head()} hint={m.ops_audit_head_hint()} error={refusal} className="w-full">
        <TextArea
          dir="ltr"
          rows={2}
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
          className="font-mono text-sm"
        />
      </Field>
      <Button type="submit" isPending={isPending}>
        {m.ops_audit_compare()}
      </Button>
      {error !== undefined && <ErrorState error={error} onRetry={() => compare()} className="py-4" />}
      <div role="status" className="flex w-full flex-col gap-2">
        {compared.map(({ seq, hash, result }) => (
          <Notice key={`${seq}.${hash}`} tone={results[result].tone}>
            {results[result].text({ seq: formatNumber(seq) })}
          </Notice>
        ))}
      </div>
    </form>
  )
}
