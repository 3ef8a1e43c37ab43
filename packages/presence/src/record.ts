/** For how long a socket counts after it was last heard. */
export const leaseMs = 60_000
/** For how long a user counts as online after a request: a reader may look at one page for a while. */
export const requestMs = 5 * 60_000
/** For how long a user counts as online after their last socket was closed: a page that is loaded again opens the next one. */
export const closingMs = 10_000

/** Times of a user's presence, in ms since 1970. */
export type PresenceRecord = {
  /** The user is online until then unless something new happens; in the past when they are offline. */
  onlineUntilMs: number
  /** The last request, sign of a socket, or close. */
  lastSeenMs: number
}

export type Presence = { status: 'online' | 'offline'; lastSeenAt: string | null }

/** The last instant that a Date can have. Redis is no source to be trusted: a score may be anything, also infinite. */
const maxInstantMs = 8_640_000_000_000_000

/** The members of a record in Redis that are no leases; the scores are when the last request and the last clean close were. */
export const marks = { request: 'request', closed: 'closed' } as const
/** The member of an instance on which the user has sockets; the score is when its lease expires. */
export const leaseOf = (instanceId: string) => `lease:${instanceId}`

/**
 * Computes presence from the members of a record: online while a lease has not expired, or after a request, unless a clean close
 * of the last socket came after it. The last socket is one after which no other was heard: of an instance that was killed, the
 * lease is still there, but its sockets were heard earlier.
 * @param members names and scores in turn, as Redis returns them
 * @returns undefined when nothing is known
 */
export function parseRecord(members: readonly string[]): PresenceRecord | undefined {
  let [requestedMs, closedMs, leasedMs] = [0, 0, 0]
  for (let index = 0; index < members.length; index += 2) {
    const score = Number(members[index + 1])
    if (!(score > 0 && score < maxInstantMs)) continue
    if (members[index] === marks.request) requestedMs = score
    else if (members[index] === marks.closed) closedMs = score
    else leasedMs = Math.max(leasedMs, score)
  }
  if (members.length === 0) return undefined
  const heardMs = Math.max(0, leasedMs - leaseMs)
  const isRequestCounted = closedMs < Math.max(requestedMs, heardMs)
  return {
    onlineUntilMs: Math.max(
      leasedMs,
      closedMs > 0 ? closedMs + closingMs : 0,
      isRequestCounted && requestedMs > 0 ? requestedMs + requestMs : 0,
    ),
    lastSeenMs: Math.max(requestedMs, closedMs, heardMs),
  }
}

/**
 * Computes what others see of a user.
 * @param lastSeenAt from Postgres, to a minute; it decides when Redis is unavailable or knows nothing
 */
export function presenceOf(
  record: PresenceRecord | undefined,
  { lastSeenAt, now }: { lastSeenAt: Date | null; now: Date },
): Presence {
  const lastSeenMs = Math.max(record?.lastSeenMs ?? 0, lastSeenAt?.getTime() ?? 0)
  const onlineUntilMs = record?.onlineUntilMs ?? lastSeenMs + requestMs
  return {
    status: lastSeenMs > 0 && now.getTime() < onlineUntilMs ? 'online' : 'offline',
    lastSeenAt: lastSeenMs > 0 ? new Date(lastSeenMs).toISOString() : null,
  }
}
