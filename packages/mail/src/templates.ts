import { z } from 'zod'
import { defineTemplate } from './define-template.ts'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs
const name = z.string().min(1).max(100)
const instant = z.iso.datetime({ offset: true })
/** The IANA zone in which dates are written. */
const timezone = z.string().min(1)
/** The roles that an invitation can give. */
const invitedRole = z.enum(['site_admin', 'operator', 'client_admin', 'client_user'])
/** The data of a security alert: the owner's name, and when and from where the event was caused. */
const securityEvent = {
  name,
  timezone,
  at: instant,
  /** e.g. `Firefox on Windows`; null when unknown. */
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
 * All mails that Muster sends. A new one needs an entry here and a file of the same name among the templates of the email worker,
 * whose build fails when one is missing.
 */
export const templates = {
  'register-code': defineTemplate({
    data: z.object({ name }),
    code: { purpose: 'register-code', digits: 6, ttlMs: 5 * minuteMs },
  }),
  'already-registered': defineTemplate({ data: z.object({ name }) }),
  welcome: defineTemplate({ data: z.object({ name }) }),
  'login-code': defineTemplate({
    /** The purpose of the code: to sign in, to enable mailed codes, or to reauthenticate. */
    data: z.object({ name, action: z.enum(['sign-in', 'enable', 'confirm']) }),
    code: { purpose: 'login-code', digits: 6, ttlMs: 5 * minuteMs },
  }),
  'password-reset': defineTemplate({
    data: z.object({ name }),
    token: { purpose: 'password-reset', ttlMs: 60 * minuteMs },
  }),
  'password-changed': defineTemplate({
    data: z.object({ ...securityEvent, how: z.enum(['changed', 'reset', 'set']) }),
  }),
  'two-factor-changed': defineTemplate({
    data: z.object({
      ...securityEvent,
      change: z.enum(['otp-on', 'totp-on', 'off', 'recovery-codes', 'recovery-code-used']),
    }),
  }),
  'new-device': defineTemplate({ data: z.object(securityEvent) }),
  'session-compromised': defineTemplate({ data: z.object(securityEvent) }),
  'account-locked': defineTemplate({
    /** Which input was wrong too often. A wrong code means that the password was correct. */
    data: z.object({ ...securityEvent, kind: z.enum(['password', 'code']).default('password') }),
  }),
  'account-deleted': defineTemplate({
    data: z.object({
      name,
      timezone,
      /** Signing in before this instant cancels the deletion. */
      until: instant,
    }),
  }),
  invite: defineTemplate({
    /** The inviter's name, the role and the organization, which is null for a role of the platform. */
    data: z.object({
      invitedBy: name,
      role: invitedRole,
      organizationName: name.nullable(),
    }),
    token: { purpose: 'invite', ttlMs: 7 * dayMs },
  }),
  'invite-accepted': defineTemplate({
    /** The inviter's name; then the name of the new member and the invited address. */
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
      /** The name of the user who completed it; null when that is the recipient. */
      completedBy: name.nullable(),
      timezone,
    }),
    waitsInQuietHours: true,
  }),
  'task-assignment': defineTemplate({
    data: z.object({
      name,
      /** The change of a task that is or was assigned to the recipient. */
      kind: z.enum(['assigned', 'due-date', 'no-due-date', 'unassigned', 'deleted']),
      taskId,
      taskTitle,
      /** How many further tasks were taken away at the same time. */
      more: z.int().min(0).default(0),
      /** When the task is due; null when it has no date. */
      dueDate: instant.nullable(),
      /** The name of the user who did it; null for an operator. */
      changedBy: name.nullable(),
      timezone,
    }),
    waitsInQuietHours: true,
  }),
  reminder: defineTemplate({
    data: z.object({
      /** A reminder that the user set, the one an hour before a task is due, or the notice that a task is overdue. */
      kind: z.enum(['reminder', 'upcoming', 'overdue']).default('reminder'),
      taskId,
      taskTitle,
      /** When the task is due; null when it has no date. */
      dueDate: instant.nullish(),
      priority: priority.nullish(),
      category: category.nullish(),
      /** The user's own text. */
      message: z.string().max(500).nullish(),
      timezone,
      /** The instant for which the reminder was set. */
      scheduledAt: instant,
      /** True after downtime: the mail then shows its original time. */
      late: z.boolean().default(false),
    }),
  }),
  'unread-messages': defineTemplate({
    data: z.object({
      name,
      /** The number of unread messages in all chats of the mail; of each chat at most 100 are counted. */
      count: z.int().min(1),
      chats: z
        .array(
          z.object({
            chatId: z.uuid(),
            /** The name of the group, or of the other user. */
            chatName: name,
            count: z.int().min(1),
            /** The user who wrote last in a group, and how many others wrote; null in a direct chat. */
            sender: name.nullable(),
            others: z.int().min(0),
            /** The number of the latest of the messages in the chat. */
            lastSeq: z.int(),
          }),
        )
        .min(1)
        .max(10),
      /** The number of chats that are not listed. */
      more: z.int().min(0),
    }),
    optOut: { purpose: 'unread-messages' },
    waitsInQuietHours: true,
  }),
  'morning-digest': defineTemplate({
    data: z.object({
      name,
      timezone,
      /** The local date of the digest. */
      localDate: z.iso.date(),
      /** The tasks due that day, their number, and how many of them are not listed; then the same for overdue tasks. */
      due: digestTasks,
      dueCount: z.int().min(0),
      dueMore: z.int().min(0),
      overdue: digestTasks,
      overdueCount: z.int().min(0),
      overdueMore: z.int().min(0),
      scheduledAt: instant,
      /** True after downtime: the mail then shows its original time. */
      late: z.boolean().default(false),
    }),
    optOut: { purpose: 'morning-digest' },
  }),
} as const

export type TemplateName = keyof typeof templates
export type TemplateData<N extends TemplateName> = z.input<(typeof templates)[N]['data']>
/** Names of the mails that contain a code. */
export type CodeTemplateName = {
  [N in TemplateName]: (typeof templates)[N] extends { code: object } ? N : never
}[TemplateName]
/** Names of the mails that contain a link with a token. */
export type TokenTemplateName = {
  [N in TemplateName]: (typeof templates)[N] extends { token: object } ? N : never
}[TemplateName]

/** Tests whether this release has the template; a row of a newer release may name another one. */
export const isTemplateName = (text: string): text is TemplateName => Object.hasOwn(templates, text)
