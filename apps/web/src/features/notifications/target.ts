import type { Notification } from '@muster/client'

/** Returns the address of the page about which a notification is; undefined when it is about none. */
export function targetOf({ taskId, chatId, data }: Notification): string | undefined {
  if (taskId !== null) return `/tasks/${taskId}`
  if (chatId !== null) return `/chats/${chatId}`
  switch (data.event) {
    case 'friendRequested':
      return '/people?view=requests'
    case 'friendAccepted':
      return '/people'
    case 'inviteAccepted':
    case 'inviteStatusUpdate':
      return '/organization'
    default:
      return undefined
  }
}
