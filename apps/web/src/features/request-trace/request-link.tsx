import { Link } from '@tanstack/react-router'
import { Waypoints } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'

type Props = {
  requestId: string | null
  /** Shows an icon alone, where there is little room. */
  isIcon?: boolean | undefined
}

/** Leads from a row to all that its request caused; nothing for a row that no request caused. */
export function RequestLink({ requestId, isIcon }: Props) {
  if (requestId === null) return null
  if (isIcon)
    return (
      <ButtonLink
        to="/ops/trace/$requestId"
        params={{ requestId }}
        size="sm"
        variant="ghost"
        aria-label={m.ops_trace_link()}
        data-tooltip={m.ops_trace_link()}
        icon={<Waypoints aria-hidden="true" />}
      />
    )
  return (
    <Link to="/ops/trace/$requestId" params={{ requestId }} className="link text-sm whitespace-nowrap">
      {m.ops_trace_link()}
    </Link>
  )
}
