/** The environment variables of all key rings. */
export const keyRingNames = [
  'ACCESS_TOKEN_KEYS',
  'REFRESH_TOKEN_KEYS',
  'PASSWORD_KEYS',
  'MAIL_CODE_KEYS',
  'COOKIE_KEYS',
  'ENCRYPTION_KEYS',
  'AUDIT_KEYS',
] as const

export type KeyRingName = (typeof keyRingNames)[number]
