import type { KeyRing } from '@muster/security/key-ring'
import { readSignedText, signText } from '@muster/security/signed-text'

/** A browser on which this user completed a sign-in before. */
export type Device = { userId: string; deviceId: string }

const purpose = 'device'
const shape = /^([0-9a-f-]{36})\.([0-9a-f-]{36})$/

/** Returns the signed value of the device cookie. It authenticates no user; it gives a browser a lockout counter. */
export const signDevice = (ring: KeyRing, { userId, deviceId }: Device): string =>
  signText(ring, purpose, `${userId}.${deviceId}`)

/** Returns the device in a value of {@link signDevice}; undefined for any other text. */
export function readDevice(ring: KeyRing, cookie: string | undefined): Device | undefined {
  const [, userId, deviceId] = shape.exec((cookie && readSignedText(ring, purpose, cookie)) ?? '') ?? []
  return userId && deviceId ? { userId, deviceId } : undefined
}
