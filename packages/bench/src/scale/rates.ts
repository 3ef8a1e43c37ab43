import { type Assumptions, readShares } from './assumptions.ts'
import type { Constants, Cost, RequestKind, WorkKind } from './constants.ts'
import type { Workload } from './options.ts'

/** How often each kind of request and work happens, a day. */
export type Rates = Record<RequestKind | WorkKind, number>

/** Derives from a workload how often everything happens a day. */
export function ratesOf({ users, tasks, messages, mails }: Workload, assumed: Assumptions): Rates {
  const active = users * assumed.active
  const reads = Object.fromEntries(
    Object.entries(readShares).map(([kind, share]) => [kind, active * assumed.reads * share]),
  ) as Record<keyof typeof readShares, number>
  const logins = active * assumed.logins
  const notifications = tasks * assumed.notifications + (messages * assumed.notifications) / 5
  const reminders = tasks * assumed.reminders
  const images = (tasks + messages / 2) * assumed.images
  return {
    ...reads,
    login: logins,
    'task-create': tasks,
    'message-send': messages,
    mail: mails,
    notification: notifications,
    reminder: reminders,
    image: images,
    // Their jobs are measured with mails, reminders and images, and rows of the audit log with tasks and sign-ins. Both are
    // measured alone only for their limits.
    'outbox-row': 0,
    'audit-row': 0,
  }
}

/** The sum of a cost over all units of a day. */
export function total(constants: Constants, rates: Rates, figure: (cost: Cost) => number): number {
  return Object.entries({ ...constants.requests, ...constants.work }).reduce(
    (sum, [kind, cost]) => sum + figure(cost) * rates[kind as keyof Rates],
    0,
  )
}
