import {
  type CodeTemplateName,
  isTemplateName,
  mailCode,
  mailToken,
  optOutToken,
  type TemplateDefinition,
  type TokenTemplateName,
  templates,
} from '@muster/mail'
import type { KeyRing } from '@muster/security/key-ring'
import type { ClaimedMail } from '../mails/claimed-mail.ts'
import { compiled } from './compiled.gen.ts'
import { fill } from './fill.ts'

export type Composed =
  | {
      kind: 'ready'
      subject: string
      html: string
      text: string
      /** One POST to this URL turns these mails off (RFC 8058). */
      optOutUrl: string | undefined
      /** The mail's code or token, or that of the opt-out. It must not be stored or logged, even when the SMTP server quotes it. */
      secret: string | undefined
    }
  /** This process lacks the template or a key; a newer worker may have it. */
  | { kind: 'not-yet'; reason: string }
  | { kind: 'impossible'; reason: string }

const clockToleranceMs = 5_000

/** Composes a mail of its row: derives its code or token, adds links, and fills the compiled template. */
export function compose(
  { codeKeys, webUrl, publicUrl }: { codeKeys: KeyRing; webUrl: string; publicUrl: string },
  mail: Pick<
    ClaimedMail,
    'id' | 'template' | 'userId' | 'data' | 'codeVersion' | 'codeKeyId' | 'createdAt' | 'expiresAt'
  >,
): Composed {
  const { template } = mail
  // During a rolling update a newer API may send templates that this worker does not have yet.
  if (!isTemplateName(template)) return { kind: 'not-yet', reason: `unknown template "${template}"` }
  const { data, code, token, optOut }: TemplateDefinition = templates[template]
  const parsed = data.safeParse(mail.data)
  if (!parsed.success)
    return { kind: 'impossible', reason: `the data does not match the template: ${describe(parsed.error)}` }

  const values: Record<string, unknown> = { ...parsed.data, webUrl }
  let secret: string | undefined
  let optOutUrl: string | undefined
  if (optOut && mail.userId) {
    secret = optOutToken(codeKeys, optOut, mail.userId)
    optOutUrl = values.optOutUrl = `${publicUrl}/api/v1/unsubscribe?token=${secret}`
  }
  if (code || token) {
    const keyId = mail.codeKeyId ?? codeKeys.currentId
    if (!codeKeys.keys.has(keyId)) return { kind: 'not-yet', reason: `MAIL_CODE_KEYS has no key "${keyId}"` }
    const derived = { emailId: mail.id, version: mail.codeVersion, keyId }
    if (code) secret = values.code = mailCode(codeKeys, { template: template as CodeTemplateName, ...derived })
    if (token) secret = values.token = mailToken(codeKeys, { template: template as TokenTemplateName, ...derived })
    values.lifetime = formatDuration(lifetimeMs(mail))
  }
  const timezone = typeof values.timezone === 'string' ? values.timezone : 'UTC'
  return { kind: 'ready', ...fill(compiled[template], values, timezone), optOutUrl, secret }
}

/** How long the code or token works after the mail was created. Tolerates a small difference between the clocks of API and Postgres. */
const lifetimeMs = ({ createdAt, expiresAt }: Pick<ClaimedMail, 'createdAt' | 'expiresAt'>) =>
  expiresAt ? expiresAt.getTime() - createdAt.getTime() + clockToleranceMs : 0

const units = [
  { unit: 'day', minutes: 1_440 },
  { unit: 'hour', minutes: 60 },
  { unit: 'minute', minutes: 1 },
] as const

/** `5 minutes`, `1 hour`, `7 days`. */
function formatDuration(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  const { unit, minutes: length } = units.find((unit) => minutes % unit.minutes === 0) ?? units[2]
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(minutes / length)
}

/** Names the invalid fields without their values. */
const describe = (error: { issues: { path: PropertyKey[]; code?: string }[] }) =>
  error.issues.map(({ path, code }) => `${path.map(String).join('.')} ${code}`).join(', ')
