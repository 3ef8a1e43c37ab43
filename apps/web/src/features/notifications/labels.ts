import type { Notification, NotificationReason } from '@muster/client'
import { m } from '../../paraglide/messages.js'

export const typeLabels: Record<Notification['type'], () => string> = {
  overdue: m.notifications_type_overdue,
  upcoming: m.notifications_type_upcoming,
  reminder: m.notifications_type_reminder,
  general: m.notifications_type_general,
  invite: m.notifications_type_invite,
  chat: m.notifications_type_chat,
  security: m.notifications_type_security,
}

export const causeLabels: Record<NotificationReason['cause'], () => string> = {
  ownReminder: m.notifications_cause_own_reminder,
  taskDue: m.notifications_cause_task_due,
  ownTaskCompleted: m.notifications_cause_own_task_completed,
  assignedToYou: m.notifications_cause_assigned_to_you,
  assignedTaskChanged: m.notifications_cause_assigned_task_changed,
  assignmentEnded: m.notifications_cause_assignment_ended,
  friendship: m.notifications_cause_friendship,
  invitation: m.notifications_cause_invitation,
  unreadMessages: m.notifications_cause_unread_messages,
  account: m.notifications_cause_account,
  accountSecurity: m.notifications_cause_account_security,
  hourlyLimit: m.notifications_cause_hourly_limit,
  other: m.notifications_cause_other,
}
