/** Why a service cannot be used, by what an operator does about it. */
export type FailureKind =
  | 'unreachable'
  | 'unknown-host'
  | 'silent'
  | 'sign-in'
  | 'no-database'
  | 'connections'
  | 'starting'
  | 'read-only'
  | 'tls'
  | 'permission'
  | 'memory'
  | 'disk'
  | 'topology'
  | 'schema'
  | 'other'

/** The codes of {@link reasonOf} by their kind; a code in none of them is of the kind `other`. */
const codes: Readonly<Record<Exclude<FailureKind, 'other'>, RegExp>> = {
  unreachable:
    /^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT|CONNECTION_LOST|ECONNECTION|ESOCKET|SENTINELS_UNREACHABLE|POOLER_NO_SERVER|57P01|57P02|08...)$/,
  'unknown-host': /^(ENOTFOUND|EAI_AGAIN|EDNS)$/,
  silent: /^(TIMEOUT|ETIMEDOUT|ESOCKETTIMEDOUT|57014)$/,
  'sign-in': /^(28P01|28000|WRONGPASS|NOAUTH|POOLER_SIGN_IN|EAUTH|ENOAUTH)$/,
  'no-database': /^(3D000|DB_INDEX_OUT_OF_RANGE)$/,
  connections: /^(53300|MAXCLIENTS|POOLER_FULL|POOLER_BUSY)$/,
  starting: /^(57P03|LOADING|MASTERDOWN)$/,
  'read-only': /^(25006|READONLY)$/,
  tls: /CERT|^UNABLE_TO_|^TLS_NOT_SUPPORTED$|^ERR_(SSL|TLS)_|^ETLS$|^HOSTNAME_MISMATCH$|^EPROTO$/,
  permission: /^(42501|NOPERM)$/,
  memory: /^(OOM|53200)$/,
  disk: /^(MISCONF|53100|ENOSPC)$/,
  topology: /^(CLUSTERDOWN|MOVED|ASK|CROSSSLOT|TRYAGAIN)$/,
  schema: /^42P01$|^42703$/,
}

export function kindOf(code: string): FailureKind {
  const found = Object.entries(codes).find(([, pattern]) => pattern.test(code))
  return (found?.[0] as FailureKind | undefined) ?? 'other'
}
