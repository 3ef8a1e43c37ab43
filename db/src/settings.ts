/** How a process connects to Postgres. */
export type DatabaseSettings = {
  url: string
  /** Maximum number of connections of a pool. */
  poolMax: number
  /** `transaction`: a pooler at `url` gives a connection to somebody else after each transaction, so that there is no session. */
  pooler: 'session' | 'transaction'
  /** Leads past the pooler to Postgres itself. */
  directUrl: string | undefined
}

/**
 * Returns settings that lead past a pooler, for what needs a session: migrations, the build of indexes, backups.
 * @throws Error when `url` leads to a pooler in transaction mode and there is no other
 */
export function directly(settings: DatabaseSettings): DatabaseSettings {
  const { url, pooler, directUrl } = settings
  if (pooler === 'transaction' && !directUrl)
    throw new Error(
      'This command needs a session of Postgres, and DATABASE_URL leads to a pooler in transaction mode. Set DATABASE_DIRECT_URL to Postgres itself.',
    )
  return { ...settings, url: directUrl ?? url, pooler: 'session' }
}
