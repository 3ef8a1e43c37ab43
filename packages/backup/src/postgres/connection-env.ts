import { BackupRefusal } from '../refusal.ts'

/** The modes that `pg` checks as strictly as libpq's `verify-full`. */
const verifying = new Set(['require', 'verify-ca', 'verify-full', 'prefer'])

/** With it, libpq trusts the authorities of the system; since Postgres 16. */
const systemRootsMajor = 16

/**
 * Converts a URL to the variables by which libpq connects: a command line would show the password to everybody on the machine. The
 * programs verify TLS as strictly as the processes do.
 * @param major the version of the programs
 * @throws BackupRefusal when they cannot verify the server
 */
export function connectionEnv(url: string, major: number, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const sslmode = searchParams.get('sslmode')
  const own = {
    PGHOST: searchParams.get('host') ?? (decodeURIComponent(hostname).replace(/^\[|\]$/g, '') || undefined),
    PGPORT: searchParams.get('port') ?? (port || undefined),
    PGUSER: decodeURIComponent(username) || undefined,
    PGPASSWORD: decodeURIComponent(password) || undefined,
    PGDATABASE: decodeURIComponent(pathname.slice(1)) || undefined,
    PGSSLCERT: searchParams.get('sslcert') ?? undefined,
    PGSSLKEY: searchParams.get('sslkey') ?? undefined,
    PGAPPNAME: 'muster-backup',
    PGCONNECT_TIMEOUT: '10',
    ...sslOf(sslmode, searchParams.get('sslrootcert') ?? env.NODE_EXTRA_CA_CERTS, major),
  }
  const kept = { PATH: env.PATH, LANG: 'C', LC_ALL: 'C', HOME: env.HOME, TMPDIR: env.TMPDIR }
  return Object.fromEntries(Object.entries({ ...kept, ...own }).filter(([, value]) => value !== undefined))
}

function sslOf(sslmode: string | null, rootCert: string | undefined, major: number): Record<string, string> {
  if (sslmode === null || sslmode === 'disable') return { PGSSLMODE: 'disable' }
  if (!verifying.has(sslmode)) return { PGSSLMODE: 'require' }
  if (rootCert) return { PGSSLMODE: 'verify-full', PGSSLROOTCERT: rootCert }
  if (major >= systemRootsMajor) return { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' }
  throw new BackupRefusal(
    `pg_dump of Postgres ${major} does not know the authorities of the system: name the certificate of yours by sslrootcert in DATABASE_URL (DATABASE_SSLROOTCERT), ` +
      `or install the programs of Postgres ${systemRootsMajor} or newer.`,
  )
}
