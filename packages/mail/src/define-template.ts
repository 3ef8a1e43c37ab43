import type { z } from 'zod'

export type MailCode = {
  /** Separates codes of different uses, which are derived from the same key. */
  purpose: string
  digits: number
  ttlMs: number
}

export type MailToken = Omit<MailCode, 'digits'>

export type OptOut = Pick<MailCode, 'purpose'>

export type TemplateDefinition = {
  /** The values of the slots, stored in `email_messages.data`; they must not be secret. */
  data: z.ZodObject
  /** Present when the mail contains a code, which is derived when needed and never stored. */
  code?: MailCode
  /** Present when the mail contains a link with a 256-bit token, derived like a code. */
  token?: MailToken
  /** Present when the mail contains a link that unsubscribes its recipient without signing in; derived from the user id. */
  optOut?: OptOut
  /** True for mails of chat and general notifications, which wait until the quiet hours of their recipient end. */
  waitsInQuietHours?: true
}

/** Defines a mail: the data that is stored for it and, where it has one, its code or token. */
export const defineTemplate = <const T extends TemplateDefinition>(template: T): T => template
