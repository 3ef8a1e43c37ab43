import { newId } from '@muster/db'
import { isTemplateName, type TemplateData, type TemplateName, templates } from '@muster/mail'
import { z } from 'zod'

const securityEvent = {
  name: 'Ada',
  timezone: 'Europe/Berlin',
  at: '2026-11-20T13:30:00Z',
  device: 'Firefox on Windows',
  ip: '2001:db8:85a3::8a2e:370:7334',
}

/** Complete data for each mail. */
const full: { [N in TemplateName]: TemplateData<N> } = {
  'register-code': { name: 'Ada' },
  'already-registered': { name: 'Ada' },
  welcome: { name: 'Ada' },
  'login-code': { name: 'Ada', action: 'sign-in' },
  'password-reset': { name: 'Ada' },
  'password-changed': { ...securityEvent, how: 'changed' },
  'two-factor-changed': { ...securityEvent, change: 'off' },
  'new-device': securityEvent,
  'session-compromised': securityEvent,
  'account-locked': { ...securityEvent, kind: 'password' },
  'account-deleted': { name: 'Ada', timezone: 'Europe/Berlin', until: '2026-12-20T13:30:00Z' },
  invite: { invitedBy: 'Ada', role: 'client_user', organizationName: 'Analytical Engines' },
  'invite-accepted': {
    name: 'Ada',
    personName: 'Charles Babbage',
    email: 'charles@example.com',
    role: 'client_user',
    organizationName: 'Analytical Engines',
  },
  'task-completed': {
    name: 'Ada',
    taskId: newId(),
    taskTitle: 'Buy milk',
    completedAt: '2026-11-20T13:30:00Z',
    completedBy: 'Charles Babbage',
    timezone: 'Europe/Berlin',
  },
  'task-assignment': {
    name: 'Ada',
    kind: 'assigned',
    taskId: newId(),
    taskTitle: 'Buy milk',
    more: 0,
    dueDate: '2026-11-21T13:30:00Z',
    changedBy: 'Charles Babbage',
    timezone: 'Europe/Berlin',
  },
  reminder: {
    kind: 'reminder',
    priority: 'high',
    category: 'Household',
    taskId: newId(),
    taskTitle: 'Buy milk',
    dueDate: '2026-11-21T13:30:00Z',
    message: 'one\ntwo',
    timezone: 'Europe/Berlin',
    scheduledAt: '2026-11-21T12:00:00Z',
    late: true,
  },
  'unread-messages': {
    name: 'Ada',
    count: 108,
    chats: [
      {
        chatId: newId(),
        chatName: 'Analytical Engines',
        count: 100,
        sender: 'Charles Babbage',
        others: 3,
        lastSeq: 240,
      },
      { chatId: newId(), chatName: 'Garden', count: 7, sender: 'Mary Somerville', others: 0, lastSeq: 9 },
      { chatId: newId(), chatName: 'Michael Faraday', count: 1, sender: null, others: 0, lastSeq: 31 },
    ],
    more: 2,
  },
  'morning-digest': {
    name: 'Ada',
    timezone: 'Europe/Berlin',
    localDate: '2026-11-21',
    due: [
      digestTask('Buy milk', '2026-11-21T08:00:00Z', 'low', 'Household'),
      digestTask('Send the quarterly figures to the tax adviser', '2026-11-21T13:30:00Z', 'high', null),
    ],
    dueCount: 5,
    dueMore: 3,
    overdue: [digestTask('Renew the passport', '2026-11-19T16:00:00Z', 'medium', 'Family')],
    overdueCount: 1,
    overdueMore: 0,
    scheduledAt: '2026-11-21T04:00:00Z',
    late: true,
  },
}

function digestTask(taskTitle: string, dueDate: string, priority: 'low' | 'medium' | 'high', category: string | null) {
  return { taskId: newId(), taskTitle, dueDate, priority, category }
}

export type Sample = { name: TemplateName; variant: string; data: Record<string, unknown> }

/** Each mail in all its variants, and once more with its required data only. */
export const samples: Sample[] = Object.keys(templates)
  .filter(isTemplateName)
  .flatMap((name) => [...wordings(name), sparse(name)])

function wordings(name: TemplateName): Sample[] {
  const data = full[name]
  const choices = fieldsOf(name).flatMap(([field, schema]) =>
    schema instanceof z.ZodEnum ? schema.options.map((value) => ({ field, value: String(value) })) : [],
  )
  if (choices.length === 0) return [{ name, variant: 'full', data }]
  return choices.map(({ field, value }) => ({ name, variant: value, data: { ...data, [field]: value } }))
}

function sparse(name: TemplateName): Sample {
  const absent = fieldsOf(name).flatMap(([field, schema]) => (schema.safeParse(null).success ? [[field, null]] : []))
  return { name, variant: 'sparse', data: { ...full[name], ...Object.fromEntries(absent), late: undefined } }
}

/** Returns the schemas of a mail's data, without defaults. */
export function fieldsOf(name: TemplateName): [field: string, schema: z.ZodType][] {
  return Object.entries<z.ZodType>(templates[name].data.shape).map(([field, schema]) => [
    field,
    schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema,
  ])
}
