import { DomainError } from '@muster/errors'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** `RATE_LIMIT_SCALE` multiplies `max`, in tests and benchmarks. */
export type Limit = { max: number; windowMs: number }

/** Limits that every request meets, counted in process and exchanged between instances: by user, else by address. */
export const callerLimits = {
  anonymous: { max: 100, windowMs: 15 * minuteMs },
  /** `/health`, `/openapi.json` and `/docs`, counted apart from everything else of the address: some monitors ask each second. */
  operation: { max: 5_000, windowMs: 15 * minuteMs },
  signedIn: { max: 3_000, windowMs: 15 * minuteMs },
} as const satisfies Record<string, Limit>

/** Limits of single routes, which name them in `config.limit`; counted like {@link callerLimits}, and beside them. */
export const routeLimits = {
  /** `POST /auth/refresh`: all signed-in users of an office share one address. */
  refreshRequests: { by: 'ip', max: 1_000, windowMs: 15 * minuteMs },
  register: { by: 'ip', max: 5, windowMs: 15 * minuteMs },
  forgotPassword: { by: 'ip', max: 3, windowMs: hourMs },
  resetPassword: { by: 'ip', max: 3, windowMs: hourMs },
  /** Invitations sent and sent again: each one mails an address that a user chooses. */
  invites: { by: 'user', max: 200, windowMs: hourMs },
  uploads: { by: 'user', max: 10, windowMs: hourMs },
  exports: { by: 'user', max: 5, windowMs: hourMs },
} as const satisfies Record<string, Limit & { by: 'ip' | 'user' }>

/** Limits that guard a secret: failures per address, reserved before the check and released on success. */
export const guardLimits = {
  login: { max: 5, windowMs: 15 * minuteMs },
  registerVerify: { max: 5, windowMs: 15 * minuteMs },
  twoFactorVerify: { max: 5, windowMs: 15 * minuteMs },
  /** Rotations per session; replays within the grace are not counted. */
  refresh: { max: 10, windowMs: 15 * minuteMs },
} as const satisfies Record<string, Limit>

export type RouteLimitName = keyof typeof routeLimits
export type GuardLimitName = keyof typeof guardLimits

/** Scales a limit's `max`; at least one request always passes. */
export const scaledMax = ({ max }: Limit, scale: number) => Math.max(1, Math.floor(max * scale))

/** Builds the 429 that tells the caller when to try again. */
export const rateLimited = (waitMs: number) =>
  new DomainError('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) })
