import type { z } from 'zod'

export type MailCode = {
  /** Keeps the codes of different uses apart although one key makes them all. */
  purpose: string
  digits: number
  ttlMs: number
}

export type TemplateDefinition = {
  /** What the slots need, stored in `email_messages.data`: nothing secret. */
  data: z.ZodObject
  /** Present when the mail carries a code; it is derived when it is needed and never stored. */
  code?: MailCode
}

/** A mail as a value: its stored data and, where it has one, its code. */
export const defineTemplate = <const T extends TemplateDefinition>(template: T): T => template
