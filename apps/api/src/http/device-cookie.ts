import type { KeyRing } from '@muster/security/key-ring'
import { readSignedText, signText } from '@muster/security/signed-text'

/** A browser on which this person completed a sign-in before. */
export type Device = { userId: string; deviceId: string }

const purpose = 'device'
const shape = /^([0-9a-f-]{36})\.([0-9a-f-]{36})$/

/** The value of the device cookie. It signs nobody in: it only gives the person's browser a lock-out counter of its own. */
export const signDevice = (ring: KeyRing, { userId, deviceId }: Device): string =>
  signText(ring, purpose, `${userId}.${deviceId}`)

/** The device that {@link signDevice} named; undefined for anything else. */
export function readDevice(ring: KeyRing, cookie: string | undefined): Device | undefined {
  const [, userId, deviceId] = shape.exec((cookie && readSignedText(ring, purpose, cookie)) ?? '') ?? []
  return userId && deviceId ? { userId, deviceId } : undefined
}
