import type { Db } from '@muster/db'
import type { FastifyRequest } from 'fastify'
import { readsTotal } from './metrics.ts'
import type { Outcome, Replica } from './replica.ts'
import type { WriteCookies } from './write-cookies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads lists, by `readsFor`: from the replica, when there is one that has what its caller may expect. */
    readsReplica?: true
  }
}

/**
 * How the rule of access to the rows of a read is applied, which is always by the primary:
 * - `bySession`: the user, role and organization of the session decide, which every instance knows from the primary within a second:
 *   the caller's own rows, and those of an organization or of all for its administrators.
 * - a function: removes what the caller may not see any more, by the rows of the primary. It runs when the replica answered.
 */
export type Access<T> = 'bySession' | ((primary: Db, found: T) => Promise<T>)

/** Reads lists for one caller. */
export type Reads = {
  /**
   * Runs a read, all of whose statements go to the same server. It may run twice, the second time on the primary.
   * @param access how the rule of access is applied
   */
  read<T>(read: (db: Db) => Promise<T>, access: Access<T>): Promise<T>
  /**
   * Runs a read of the caller's own rows on the replica. For values that are cached, which only the primary's may be.
   * @returns undefined when the replica is not used
   */
  ofReplica<T>(read: (db: Db) => Promise<T>): Promise<T | undefined>
}

/** Returns the reads of the request's caller. @throws Error on a route without `readsReplica` in its config */
export type ReadsFor = (request: FastifyRequest) => Reads

/** Creates reads that use no replica, for callers without a request. */
export const primaryReads = (db: Db): Reads => ({ read: (read) => read(db), ofReplica: async () => undefined })

/**
 * Creates the reads of requests. A replica is used when it has replayed what the caller has written, by their cookies, and is at most a
 * second behind; whenever it fails, the read runs again on the primary.
 */
export function createReads({
  db,
  lookups,
  replica,
  cookies,
}: {
  db: Db
  /** By it the rules of access ask the primary: for some rows, by their keys. */
  lookups: Db
  replica: Replica | undefined
  cookies: Pick<WriteCookies, 'neededBy'>
}): ReadsFor {
  const onPrimary = primaryReads(db)
  return (request) => {
    if (!request.routeOptions.config.readsReplica)
      throw new Error(`${request.method} ${request.routeOptions.url} reads lists without config.readsReplica.`)
    if (!replica) return onPrimary
    const needed = cookies.neededBy(request)
    const attempt = async <T>(read: (db: Db) => Promise<T>): Promise<Outcome<T> | { fallback: 'writes_overlap' }> => {
      const outcome = needed === 'everything' ? overlapping : await replica.read(read, needed)
      const { fallback } = outcome
      readsTotal.inc({ server: fallback ? 'primary' : 'replica', reason: fallback ?? 'none' })
      return outcome
    }
    return {
      async read(read, access) {
        const outcome = await attempt(read)
        if (outcome.fallback) return read(db)
        return access === 'bySession' ? outcome.value : access(lookups, outcome.value)
      },
      async ofReplica(read) {
        const outcome = await attempt(read)
        return outcome.fallback ? undefined : outcome.value
      },
    }
  }
}

const overlapping = { fallback: 'writes_overlap' } as const
