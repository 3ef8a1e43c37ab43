import { DomainError } from '@muster/errors'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** At most `max` within `windowMs`. `RATE_LIMIT_SCALE` multiplies `max`, in tests and benchmarks. */
export type Limit = { max: number; windowMs: number }

/** Limits of every request, by user or else by address; counted in process and exchanged between instances. */
export const callerLimits = {
  anonymous: { max: 100, windowMs: 15 * minuteMs },
  /** `/health`, `/openapi.json` and `/docs`, counted apart from other requests of the address: some monitors ask each second. */
  operation: { max: 5_000, windowMs: 15 * minuteMs },
  signedIn: { max: 3_000, windowMs: 15 * minuteMs },
} as const satisfies Record<string, Limit>

/** Limits of single routes, which name them in `config.limit`; counted like {@link callerLimits}, and beside them. */
export const routeLimits = {
  /** `POST /auth/refresh`: all signed-in users of an office share one address. */
  refreshRequests: { by: 'ip', max: 1_000, windowMs: 15 * minuteMs },
  /** The requests of a starting page. Visitors are counted by their address, which an office shares. */
  pageStart: { by: 'user', max: 1_000, windowMs: 15 * minuteMs },
  register: { by: 'ip', max: 5, windowMs: 15 * minuteMs },
  forgotPassword: { by: 'ip', max: 3, windowMs: hourMs },
  resetPassword: { by: 'ip', max: 3, windowMs: hourMs },
  /** Invitations sent and resent: each one mails an address that a user chooses. */
  invites: { by: 'user', max: 200, windowMs: hourMs },
  uploads: { by: 'user', max: 10, windowMs: hourMs },
  exports: { by: 'user', max: 5, windowMs: hourMs },
  /** Examinations of the installation: each one opens connections to everything. */
  examinations: { by: 'user', max: 30, windowMs: hourMs },
  /** New chats: each one appears in the lists of its members. */
  chats: { by: 'user', max: 200, windowMs: hourMs },
  /** Each report notifies administrators. */
  messageReports: { by: 'user', max: 60, windowMs: hourMs },
  /** Uploads of files for messages. */
  chatMedia: { by: 'user', max: 120, windowMs: hourMs },
  /** Counted by the handler, because sending a message again is not counted. */
  messages: { by: 'user', max: 60, windowMs: minuteMs },
  /** Editing and deleting messages, and reactions: each one reaches all members. */
  messageChanges: { by: 'user', max: 120, windowMs: minuteMs },
  messageSearches: { by: 'user', max: 60, windowMs: minuteMs },
} as const satisfies Record<string, Limit & { by: 'ip' | 'user' }>

/** Limits of attempts to guess a secret: failures by address, see secret-guard.ts. */
export const guardLimits = {
  login: { max: 5, windowMs: 15 * minuteMs },
  registerVerify: { max: 5, windowMs: 15 * minuteMs },
  twoFactorVerify: { max: 5, windowMs: 15 * minuteMs },
  /** Rotations per session; replays within the grace are not counted. */
  refresh: { max: 10, windowMs: 15 * minuteMs },
} as const satisfies Record<string, Limit>

/** Limits of sockets, counted by each instance for itself, except for handshakes. */
export const socketLimits = {
  /** Refused handshakes by address, and refused requests of open connections. */
  failedHandshakes: { max: 30, windowMs: minuteMs },
  /** Open connections of a user. */
  sockets: { max: 10 },
  /** Events of one connection: so many at once, refilled at this rate. */
  events: { burst: 40, perSecond: 20 },
  /** Calls of `sync` by a user: one for each 200 of their chats when they come back. */
  syncs: { max: 120, windowMs: minuteMs },
  /** Packets of any kind of one connection, also those of the protocol: a client that sends more is disconnected. */
  packets: { perSecond: 400 },
  /** Users whose presence one user watches. */
  presenceSubscriptions: { max: 500 },
} as const

export type RouteLimitName = keyof typeof routeLimits
export type GuardLimitName = keyof typeof guardLimits

/** Returns the limit's `max`, scaled; at least 1. */
export const scaledMax = ({ max }: Pick<Limit, 'max'>, scale: number) => Math.max(1, Math.floor(max * scale))

/** Returns the error 429 with the time after which the caller may retry. */
export const rateLimited = (waitMs: number) =>
  new DomainError('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) })
