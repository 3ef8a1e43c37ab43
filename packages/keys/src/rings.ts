import type { KeyRingName } from '@muster/config'
import type { KeyRing } from '@muster/security/key-ring'

/** The key rings that a process holds, by the name of their variable. */
export type Rings = Readonly<Partial<Record<KeyRingName, KeyRing>>>

/** Lists the rings in the order of their names, so that processes that start at once lock rows in one order. */
export const listRings = (rings: Rings): [KeyRingName, KeyRing][] =>
  (Object.entries(rings) as [KeyRingName, KeyRing][]).sort(([one], [other]) => (one < other ? -1 : 1))
