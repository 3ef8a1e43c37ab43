import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import type { Relation } from './queries.ts'

/** How the user stands to a person, in a word. */
export function RelationBadge({ relation: { kind } }: { relation: Relation }) {
  if (kind === 'friend') return <Badge tone="accent">{m.friends_friend()}</Badge>
  if (kind === 'requested') return <Badge>{m.friends_request_sent()}</Badge>
  if (kind === 'received') return <Badge tone="accent">{m.friends_request_received()}</Badge>
  if (kind === 'blocked') return <Badge tone="danger">{m.friends_is_blocked()}</Badge>
  return null
}
