import type { Connection } from '../connections.ts'

/** The connections of one user, with the number of the last change of notifications that each has been told of. */
type Follower = Map<Connection, number>

/** Creates the list of the users who are connected here, and what their connections know. */
export function createFollowers() {
  const byUser = new Map<string, Follower>()
  const lowest = (follower: Follower) => Math.min(...follower.values())
  return {
    add(connection: Connection, change: number) {
      const { userId } = connection.actor
      const follower = byUser.get(userId)
      if (follower) follower.set(connection, change)
      else byUser.set(userId, new Map([[connection, change]]))
    },
    /** @returns what it knows; undefined when it is not in the list */
    remove(connection: Connection): number | undefined {
      const { userId } = connection.actor
      const follower = byUser.get(userId)
      const change = follower?.get(connection)
      if (follower?.delete(connection) && follower.size === 0) byUser.delete(userId)
      return change
    },
    has: (userId: string) => byUser.has(userId),
    of: (userId: string): ReadonlyMap<Connection, number> => byUser.get(userId) ?? new Map(),
    /** Notes that these connections know the change. */
    advance(userId: string, change: number) {
      const follower = byUser.get(userId)
      for (const [connection, known] of follower ?? []) if (known < change) follower?.set(connection, change)
    },
    /** Notes what all connections of the user know, also when they knew a later change: the data were restored. */
    reset(userId: string, change: number) {
      const follower = byUser.get(userId)
      for (const connection of follower?.keys() ?? []) follower?.set(connection, change)
    },
    /** Lists these users as far as they are connected, by default all, each with the change that all their connections know. */
    known(userIds: Iterable<string> = byUser.keys()): { userId: string; change: number }[] {
      return [...userIds].flatMap((userId) => {
        const follower = byUser.get(userId)
        return follower ? [{ userId, change: lowest(follower) }] : []
      })
    },
  }
}
