import type { z } from 'zod'

export type MailCode = {
  /** Keeps the codes of different uses apart although one key makes them all. */
  purpose: string
  digits: number
  ttlMs: number
}

export type MailToken = Omit<MailCode, 'digits'>

export type OptOut = Pick<MailCode, 'purpose'>

export type TemplateDefinition = {
  /** What the slots need, stored in `email_messages.data`: nothing secret. */
  data: z.ZodObject
  /** Present when the mail carries a code; it is derived when it is needed and never stored. */
  code?: MailCode
  /** Present when the mail carries a link with a 256-bit token, derived like a code. */
  token?: MailToken
  /** Present when the person can turn these mails off without signing in, by a link that is derived from who they are. */
  optOut?: OptOut
}

/** A mail as a value: its stored data and, where it has one, its code or token. */
export const defineTemplate = <const T extends TemplateDefinition>(template: T): T => template
