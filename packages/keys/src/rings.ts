import type { KeyRingName } from '@muster/config'
import type { KeyRing } from '@muster/security/key-ring'

/** The key rings of a process by the name of their variable. */
export type Rings = Readonly<Partial<Record<KeyRingName, KeyRing>>>

/** Lists the rings in the order of their names, so that processes that start together lock rows in the same order. */
export const listRings = (rings: Rings): [KeyRingName, KeyRing][] =>
  (Object.entries(rings) as [KeyRingName, KeyRing][]).sort(([one], [other]) => (one < other ? -1 : 1))
