import { maybe, z } from '../../lib/zod.ts'

export const mailStatuses = ['queued', 'sending', 'sent', 'failed', 'dropped'] as const
export const resultSpans = ['day', 'week', 'month'] as const
export type ResultSpan = (typeof resultSpans)[number]

/** The search parameters of the page of mails. An invalid value is ignored. */
export const mailsSearch = z.object({
  view: maybe(z.enum(['suppressions'])),
  status: maybe(z.enum(mailStatuses)),
  address: maybe(z.string().check(z.maxLength(254))),
  template: maybe(z.string().check(z.maxLength(100))),
  from: maybe(z.iso.date()),
  to: maybe(z.iso.date()),
  span: maybe(z.enum(resultSpans)),
})
export type MailsSearch = z.infer<typeof mailsSearch>

/** Tells whether a text can be a whole address, by which the API searches. */
export const isWholeAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text)
