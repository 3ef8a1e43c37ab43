import {
  httpUrl,
  int,
  keyRing,
  originUrl,
  parseEnv,
  processEnv,
  processSettings,
  urlOfService,
  workerConcurrency,
} from '@muster/config'
import { emailAddress } from '@muster/identifiers'
import { z } from 'zod'

const env = z.object({
  ...processEnv({ opsPort: 9101 }),
  /** More than connections, so that no connection waits while mails are claimed or stored. */
  WORKER_CONCURRENCY: workerConcurrency(30),
  /** The relay, e.g. `smtps://user:password@smtp.example.com`, with nodemailer's options in the query. */
  SMTP_URL: urlOfService('SMTP_URL'),
  /** The sender, e.g. `Muster <no-reply@example.com>`; its domain is also that of the Message-ID. */
  MAIL_FROM: z.string().transform((text, ctx) => parseSender(text) ?? fault(ctx)),
  /** Connections of this process; providers allow only a few. */
  SMTP_MAX_CONNECTIONS: int({ min: 1, max: 100, default: 10 }),
  /** Limit for all email workers together; none when unset. */
  SMTP_MAX_PER_SECOND: int({ min: 1, max: 10_000 }).optional(),
  /** URL of the front end, for links in mails; PUBLIC_URL when unset. */
  WEB_URL: httpUrl().optional(),
  /** URL of the API for browsers, for the link that turns off the morning digest. */
  PUBLIC_URL: originUrl().default('http://localhost:3000'),
  MAIL_CODE_KEYS: keyRing(),
})

/** Reads the email worker's environment. @throws ConfigError naming everything that is wrong */
export function readConfig(source: NodeJS.ProcessEnv = process.env) {
  const read = parseEnv(env.superRefine(refuseUnsafe, { when: () => true }), source)
  return Object.freeze({
    ...processSettings(read),
    concurrency: read.WORKER_CONCURRENCY,
    smtp: {
      url: read.SMTP_URL,
      sender: read.MAIL_FROM,
      maxConnections: read.SMTP_MAX_CONNECTIONS,
      maxPerSecond: read.SMTP_MAX_PER_SECOND,
    },
    webUrl: read.WEB_URL ?? read.PUBLIC_URL,
    publicUrl: read.PUBLIC_URL,
    codeKeys: read.MAIL_CODE_KEYS,
  })
}

/** Refuses URLs that are not https in production, like the API. */
function refuseUnsafe(read: Partial<z.output<typeof env>>, ctx: z.RefinementCtx): void {
  if (read.NODE_ENV !== 'production' || read.PUBLIC_URL?.startsWith('https:')) return
  ctx.addIssue({ code: 'custom', path: ['PUBLIC_URL'], message: 'production needs https' })
}

export type Config = ReturnType<typeof readConfig>

export type Sender = { name: string; address: string; domain: string }

/** `Name <address>` or a bare address. */
function parseSender(text: string): Sender | undefined {
  const [, quoted, bare] = /^\s*(?:(.*?)\s*<([^<>]+)>)\s*$/.exec(text) ?? [undefined, '', text.trim()]
  const address = emailAddress.safeParse(bare)
  if (!address.success) return undefined
  return {
    name: (quoted ?? '').replace(/^"|"$/g, ''),
    address: address.data,
    domain: address.data.slice(address.data.lastIndexOf('@') + 1),
  }
}

function fault(ctx: { addIssue(message: string): void }): never {
  ctx.addIssue('write it as Name <address@domain>')
  return z.NEVER
}
