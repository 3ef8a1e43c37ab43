import { z } from 'zod'
import { defineTemplate } from './define-template.ts'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs
const name = z.string().min(1).max(100)
const instant = z.iso.datetime({ offset: true })
/** IANA zone in which dates are written. */
const timezone = z.string().min(1)
/** What somebody can be invited to be. */
const invitedRole = z.enum(['site_admin', 'operator', 'client_admin', 'client_user'])
/** What a mail about the account's safety tells: whose it is, when it happened, and from where. */
const happened = {
  name,
  timezone,
  at: instant,
  /** e.g. `Firefox on Windows`; null when the client did not tell. */
  device: z.string().max(100).nullable(),
  ip: z.string().max(45).nullable(),
}

const taskId = z.uuid()
const taskTitle = z.string().min(1).max(200)
const priority = z.enum(['low', 'medium', 'high'])
const category = z.string().max(50)
const digestTasks = z
  .array(z.object({ taskId, taskTitle, dueDate: instant, priority, category: category.nullable() }))
  .max(50)

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
  'login-code': defineTemplate({
    /** What the code is for: to sign in, to turn the mailed code on, to confirm something else. */
    data: z.object({ name, action: z.enum(['sign-in', 'enable', 'confirm']) }),
    code: { purpose: 'login-code', digits: 6, ttlMs: 5 * minuteMs },
  }),
  'password-reset': defineTemplate({
    data: z.object({ name }),
    token: { purpose: 'password-reset', ttlMs: 60 * minuteMs },
  }),
  'password-changed': defineTemplate({
    data: z.object({ ...happened, how: z.enum(['changed', 'reset', 'set']) }),
  }),
  'two-factor-changed': defineTemplate({
    data: z.object({
      ...happened,
      change: z.enum(['otp-on', 'totp-on', 'off', 'recovery-codes', 'recovery-code-used']),
    }),
  }),
  'new-device': defineTemplate({ data: z.object(happened) }),
  'session-compromised': defineTemplate({ data: z.object(happened) }),
  'account-locked': defineTemplate({
    /** What was entered wrongly; before a code a first step was right. */
    data: z.object({ ...happened, kind: z.enum(['password', 'code']).default('password') }),
  }),
  'account-deleted': defineTemplate({
    data: z.object({
      name,
      timezone,
      /** Until when signing in takes the deletion back. */
      until: instant,
    }),
  }),
  invite: defineTemplate({
    /** Who invites, as what, and into which organization; null for a role of the platform. */
    data: z.object({
      invitedBy: name,
      role: invitedRole,
      organizationName: name.nullable(),
    }),
    token: { purpose: 'invite', ttlMs: 7 * dayMs },
  }),
  'invite-accepted': defineTemplate({
    /** Of the person who invited; then who came, with the address that was invited. */
    data: z.object({
      name,
      personName: name,
      email: z.string().max(254),
      role: invitedRole,
      organizationName: name.nullable(),
    }),
  }),
  'task-completed': defineTemplate({
    data: z.object({
      name,
      taskId: z.uuid(),
      taskTitle: z.string().min(1).max(200),
      completedAt: instant,
      /** Who did it; null when it was the receiver. */
      completedBy: name.nullable(),
      timezone,
    }),
  }),
  reminder: defineTemplate({
    data: z.object({
      /** One that the person set, the one an hour before a task is due, or the notice that it is overdue. */
      kind: z.enum(['reminder', 'upcoming', 'overdue']).default('reminder'),
      taskId,
      taskTitle,
      /** When the task is due; null when it has no date. */
      dueDate: instant.nullish(),
      priority: priority.nullish(),
      category: category.nullish(),
      /** What the person wrote for themselves. */
      message: z.string().max(500).nullish(),
      timezone,
      /** The moment the reminder was set for. */
      scheduledAt: instant,
      /** Sent after downtime: the mail says so, with its original time. */
      late: z.boolean().default(false),
    }),
  }),
  'morning-digest': defineTemplate({
    data: z.object({
      name,
      timezone,
      /** The date in that zone whose digest it is. */
      localDate: z.iso.date(),
      /** What is due that day, how many there are, and how many of them are not listed; then the same of what is overdue. */
      due: digestTasks,
      dueCount: z.int().min(0),
      dueMore: z.int().min(0),
      overdue: digestTasks,
      overdueCount: z.int().min(0),
      overdueMore: z.int().min(0),
      scheduledAt: instant,
      /** Sent after downtime: the mail says so, with its original time. */
      late: z.boolean().default(false),
    }),
    optOut: { purpose: 'morning-digest' },
  }),
} as const

export type TemplateName = keyof typeof templates
export type TemplateData<N extends TemplateName> = z.input<(typeof templates)[N]['data']>
/** The mails that carry a code which only their receiver may know. */
export type CodeTemplateName = {
  [N in TemplateName]: (typeof templates)[N] extends { code: object } ? N : never
}[TemplateName]
/** The mails that carry a link with a token. */
export type TokenTemplateName = {
  [N in TemplateName]: (typeof templates)[N] extends { token: object } ? N : never
}[TemplateName]

/** Whether this release knows the template; a row of a newer release may name one that it doesn't. */
export const isTemplateName = (text: string): text is TemplateName => Object.hasOwn(templates, text)
