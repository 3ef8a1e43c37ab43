/** Error codes at the beginning of Redis's error replies, or inside one that a script or the ready check wraps. */
const redisCode =
  /(?:^|[\s:@-])(WRONGPASS|NOAUTH|NOPERM|READONLY|MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM|BUSY)\b/

/** The messages of PgBouncer under the one SQLSTATE 08P01, by the reason that names their remedy. */
const poolerCodes: readonly (readonly [RegExp, string])[] = [
  [/no more connections allowed/, 'POOLER_FULL'],
  [/query_wait_timeout/, 'POOLER_BUSY'],
  [
    /cannot connect to server|server_login_retry|server conn crashed|server login failed|server down/,
    'POOLER_NO_SERVER',
  ],
  [/unsupported startup parameter/, 'POOLER_PARAMETER'],
  [/no such (?:database|user)|database (?:".*" is disabled|removed)|SASL authentication failed/, 'POOLER_SIGN_IN'],
]
const poolerState = '08P01'

/** Errors of `pg`, `ioredis` and Node that carry no code of their own. */
const codeByMessage: readonly (readonly [RegExp, string])[] = [
  [/max number of clients/, 'MAXCLIENTS'],
  [/All sentinels are unreachable/, 'SENTINELS_UNREACHABLE'],
  [/invalid password|client password must be/, 'WRONGPASS'],
  [/DB index is out of range/, 'DB_INDEX_OUT_OF_RANGE'],
  [/does not support SSL/, 'TLS_NOT_SUPPORTED'],
  [/timeout|timed out/i, 'TIMEOUT'],
  [
    /connection (is|was)? ?(closed|terminated|lost)|closed the connection|isn't writeable|connection error/i,
    'CONNECTION_LOST',
  ],
  [/max retries per request|Command aborted/, 'CONNECTION_LOST'],
  [/^ERR\b/, 'ERR'],
]

/** Matches errno, TLS, Node and SQLSTATE codes. Such a code cannot contain a name, an address or a secret. */
const plainCode = /^[A-Z0-9_]{4,60}$/

/**
 * Reduces the error of a dependency to a code that is safe to publish: one of Redis (`WRONGPASS`), SQLSTATE (`53300`), an errno
 * (`ECONNREFUSED`), a TLS code (`SELF_SIGNED_CERT_IN_CHAIN`) or `TIMEOUT`.
 * @returns `UNKNOWN` for any other error
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  const code = (error as { code?: unknown }).code
  // A name that resolves to several addresses fails with one error for each.
  if (error instanceof AggregateError && !isPlain(code)) return reasonOf(error.errors[0])
  const redis = redisCode.exec(error.message)?.[1]
  if (redis) return redis
  if (code === poolerState) return poolerCodes.find(([message]) => message.test(error.message))?.[1] ?? code
  if (isPlain(code)) return code
  const known = codeByMessage.find(
    ([message]) => message.test(`${error.name} ${error.message}`) || message.test(error.message),
  )
  return known ? known[1] : error.cause === undefined ? 'UNKNOWN' : reasonOf(error.cause)
}

const isPlain = (code: unknown): code is string => typeof code === 'string' && plainCode.test(code)
