import type { Connection } from '../connections.ts'

/** The changes of notifications of which a connection has been told. */
type Known = {
  /** The number of the last one. */
  change: number
  /** The same when it had been told of all there were: while many are read in parts, a notification can change again before its part. */
  wholeChange: number
  /** The notifications that were new to it since. */
  newIds: Set<string>
}

/** The connections of one user. */
type Follower = Map<Connection, Known>

const knownUpTo = (change: number): Known => ({ change, wholeChange: change, newIds: new Set() })

/** Creates the list of the users who are connected here, and what their connections know. */
export function createFollowers() {
  const byUser = new Map<string, Follower>()
  const lowest = (follower: Follower) => Math.min(...[...follower.values()].map(({ change }) => change))
  return {
    add(connection: Connection, change: number) {
      const { userId } = connection.actor
      const follower = byUser.get(userId)
      if (follower) follower.set(connection, knownUpTo(change))
      else byUser.set(userId, new Map([[connection, knownUpTo(change)]]))
    },
    /** @returns the change up to which it knows all; undefined when it is not in the list */
    remove(connection: Connection): number | undefined {
      const { userId } = connection.actor
      const follower = byUser.get(userId)
      const known = follower?.get(connection)
      if (follower?.delete(connection) && follower.size === 0) byUser.delete(userId)
      return known?.wholeChange
    },
    has: (userId: string) => byUser.has(userId),
    /** Lists the connections of the user to which a notification is new, by the change that created it. */
    newTo(userId: string, { createdChange, notification }: { createdChange: number; notification: { id: string } }) {
      return [...(byUser.get(userId) ?? [])].flatMap(([connection, { wholeChange, newIds }]) =>
        wholeChange < createdChange && !newIds.has(notification.id) ? [connection] : [],
      )
    },
    /** Notes that these connections know the change, and the notification of which it is, if there still is one. */
    advance(userId: string, change: number, notification?: { id: string }) {
      for (const known of byUser.get(userId)?.values() ?? []) {
        if (known.change >= change) continue
        known.change = change
        if (notification) known.newIds.add(notification.id)
      }
    },
    /** Notes that these connections know all changes up to this one. */
    complete(userId: string, change: number) {
      const follower = byUser.get(userId)
      for (const [connection, known] of follower ?? [])
        if (known.wholeChange < change) follower?.set(connection, knownUpTo(change))
    },
    /** Notes what all connections of the user know, also when they knew a later change: the data were restored. */
    reset(userId: string, change: number) {
      const follower = byUser.get(userId)
      for (const connection of follower?.keys() ?? []) follower?.set(connection, knownUpTo(change))
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
