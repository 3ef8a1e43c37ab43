import { type KeyRingName, keyRingNames } from '@muster/config/key-ring-names'

export type App = { name: string; keyRings: readonly KeyRingName[] }

/** The apps in the order of their ops ports, each with the key rings that it uses; it gets no others. */
export const apps: readonly App[] = [
  { name: 'api', keyRings: keyRingNames },
  { name: 'email-worker', keyRings: ['MAIL_CODE_KEYS'] },
  { name: 'audit-worker', keyRings: ['AUDIT_KEYS'] },
  { name: 'reminder-worker', keyRings: [] },
  { name: 'image-worker', keyRings: [] },
]
