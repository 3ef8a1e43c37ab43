import { MusterError } from '@muster/client'
import { m } from '../paraglide/messages.js'

/** The id by which the operator finds a failed request. */
export function RequestId({ error }: { error: unknown }) {
  if (!(error instanceof MusterError) || error.requestId === undefined) return null
  return (
    <p className="mt-1 text-sm text-ink-3">
      {m.ui_request_id()}{' '}
      <code dir="ltr" className="font-mono text-[0.85em] break-all select-all">
        {error.requestId}
      </code>
    </p>
  )
}
