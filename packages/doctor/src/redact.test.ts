import { expect, test } from 'vitest'
import { createRedaction } from './redact.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const redact = createRedaction({
  DATABASE_URL: 'postgres://muster:Hid%2Fden@db.example:5432/name',
  REDIS_URL: 'redis+sentinel://:Redis-Word@s1:1,s2:2/master?sentinel_password=Other-Word',
  SMTP_PASSWORD: 'Mail-Word',
  S3_SECRET_ACCESS_KEY: 'S3-Word',
  SENTRY_DSN: 'https://abc@sentry.example/1',
  AUDIT_KEYS: `k1:${key},k2:${key.replaceAll('B', 'C')}`,
  MAIL_FROM: 'Muster <no-reply@example.com>',
})

test('secrets of all kinds of variables are hidden, and hosts and names are not', () => {
  const secrets = [
    'Hid/den',
    'Hid%2Fden',
    'Redis-Word',
    'Other-Word',
    'Mail-Word',
    'S3-Word',
    'https://abc@sentry.example/1',
    key,
  ]
  for (const secret of secrets) expect(redact(`before ${secret} after`)).toBe('before [redacted] after')
  const plain = 'Postgres at db.example:5432 refuses muster; write Muster <no-reply@example.com>'
  expect(redact(plain)).toBe(plain)
})
