import { z } from 'zod'
import { defineTemplate } from './define-template.ts'

const minuteMs = 60_000
const name = z.string().min(1).max(100)
const instant = z.iso.datetime({ offset: true })

/**
 * Every mail that Muster sends. A further one is an entry here and a file of the same name among the templates of the
 * email worker, whose build refuses one without the other.
 */
export const templates = {
  'register-code': defineTemplate({
    data: z.object({ name }),
    code: { purpose: 'register-code', digits: 6, ttlMs: 5 * minuteMs },
  }),
  'already-registered': defineTemplate({ data: z.object({ name }) }),
  welcome: defineTemplate({ data: z.object({ name }) }),
  reminder: defineTemplate({
    data: z.object({
      taskId: z.uuid(),
      taskTitle: z.string().min(1).max(200),
      /** When the task is due; null when it has no date. */
      dueDate: instant.nullish(),
      /** What the person wrote for themselves. */
      message: z.string().max(500).nullish(),
      /** IANA zone in which the dates are written. */
      timezone: z.string().min(1),
      /** The moment the reminder was set for. */
      scheduledAt: instant,
      /** Sent after downtime: the mail says so, with its original time. */
      late: z.boolean().default(false),
    }),
  }),
} as const

export type TemplateName = keyof typeof templates
export type TemplateData<N extends TemplateName> = z.input<(typeof templates)[N]['data']>
/** The mails that carry a code which only their receiver may know. */
export type CodeTemplateName = {
  [N in TemplateName]: (typeof templates)[N] extends { code: object } ? N : never
}[TemplateName]

/** Whether this release knows the template; a row of a newer release may name one that it doesn't. */
export const isTemplateName = (text: string): text is TemplateName => Object.hasOwn(templates, text)
