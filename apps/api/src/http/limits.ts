/** Every limit there is. `RATE_LIMIT_SCALE` multiplies them in tests and benchmarks. */
const minuteMs = 60_000
const hourMs = 60 * minuteMs

export type Limit = { max: number; windowMs: number }

/** Coarse limits, counted in process and exchanged between instances. */
export const coarseLimits = {
  anonymous: { max: 100, windowMs: 15 * minuteMs },
  /** `/health`, `/openapi.json` and `/docs`, apart from all else of the IP: enough for some monitors that look each second. */
  operation: { max: 5_000, windowMs: 15 * minuteMs },
  /** `/auth/refresh` per IP: whole offices that are signed in come from one. */
  refreshRequests: { max: 1_000, windowMs: 15 * minuteMs },
  signedIn: { max: 3_000, windowMs: 15 * minuteMs },
  /** Requests to `register` per IP. */
  register: { max: 5, windowMs: 15 * minuteMs },
  /** Requests per IP, each by itself. */
  forgotPassword: { max: 3, windowMs: hourMs },
  resetPassword: { max: 3, windowMs: hourMs },
  /** Invitations sent, and sent again, per person: each is a mail to whom a stranger may name. */
  invites: { max: 200, windowMs: hourMs },
  /** Upload requests per person. */
  uploads: { max: 10, windowMs: hourMs },
  /** Exports of everything about a person, by that person. */
  exports: { max: 5, windowMs: hourMs },
} as const satisfies Record<string, Limit>

/** Limits that guard a secret: failures per IP, reserved before the check and given back on success. */
export const guardLimits = {
  login: { max: 5, windowMs: 15 * minuteMs },
  registerVerify: { max: 5, windowMs: 15 * minuteMs },
  twoFactorVerify: { max: 5, windowMs: 15 * minuteMs },
  /** Rotations per session; replays within the grace don't count. */
  refresh: { max: 10, windowMs: 15 * minuteMs },
} as const satisfies Record<string, Limit>

export type CoarseLimitName = keyof typeof coarseLimits
export type GuardLimitName = keyof typeof guardLimits

/** At least one request always passes. */
export const scaled = ({ max }: Limit, scale: number) => Math.max(1, Math.floor(max * scale))
