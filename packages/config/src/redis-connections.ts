/** The processes of an installation. */
export const processNames = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
export type ProcessName = (typeof processNames)[number]

/** The most connections to Redis that one process opens, one of them at its start alone; on a cluster, to each of its masters. */
export const redisConnections: Readonly<Record<ProcessName, number>> = {
  api: 7,
  'email-worker': 6,
  'audit-worker': 7,
  'reminder-worker': 6,
  'image-worker': 7,
}
