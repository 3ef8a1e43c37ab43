import { DomainError } from '@muster/errors'
import type { NotificationData } from '@muster/notifications'
import { channelsFor } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { findOrigin, listMailsOf } from './notification-reason.queries.ts'
import type { NotificationReason } from './notification-reason.schema.ts'
import { findNotification } from './notifications.queries.ts'
import { toNotifications } from './notifications.service.ts'

type Channel = NotificationReason['channels'][number]

const causeOf: Readonly<Record<NotificationData['event'], NotificationReason['cause']>> = {
  reminder: 'ownReminder',
  taskDue: 'taskDue',
  taskCompleted: 'ownTaskCompleted',
  taskAssigned: 'assignedToYou',
  taskDueDateChanged: 'assignedTaskChanged',
  taskDeleted: 'assignmentEnded',
  taskUnassigned: 'assignmentEnded',
  friendRequested: 'friendship',
  friendAccepted: 'friendship',
  inviteAccepted: 'invitation',
  inviteStatusUpdate: 'invitation',
  chatMessages: 'unreadMessages',
  googleLinked: 'account',
  googleUnlinked: 'account',
  avatarFailed: 'account',
  'password-changed': 'accountSecurity',
  'two-factor-changed': 'accountSecurity',
  'new-device': 'accountSecurity',
  'session-compromised': 'accountSecurity',
  'account-locked': 'accountSecurity',
  summary: 'hourlyLimit',
  other: 'other',
}

/**
 * Tells why the actor got a notification, and through which channels.
 * @throws DomainError NOT_FOUND, also for a notification of another user
 */
export async function getReason({ db }: Pick<Deps, 'db'>, { userId }: Actor, id: string): Promise<NotificationReason> {
  const [stored, origin] = await Promise.all([findNotification(db, id, userId), findOrigin(db, id, userId)])
  const [notification] = stored ? await toNotifications(db, [stored]) : []
  if (!notification || !origin) throw new DomainError('NOT_FOUND')
  const { type, data, actor, createdAt } = notification
  const { requestId, settings } = origin
  const mails = await listMailsOf(db, id, type === 'security' ? { userId, requestId, event: data.event } : undefined)
  return {
    cause: causeOf[data.event],
    actor,
    preference: { name: `notifications.${type}`, ...channelsFor(settings, type) },
    channels: [
      { channel: 'inApp', status: 'shown', at: createdAt },
      ...mails.map(
        ({ status, sentAt }): Channel => ({
          channel: 'email',
          status: status as Channel['status'],
          at: sentAt?.toISOString() ?? null,
        }),
      ),
    ],
    requestId,
  }
}
