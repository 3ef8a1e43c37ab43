import { delivery } from './delivery/delivery.ts'
import { registerEvent } from './events/register.ts'
import type { Feature } from './gateway.ts'
import { presence } from './presence/presence.ts'
import { pushAttachments } from './push/attachments.ts'
import { pushInvites } from './push/invites.ts'
import { pushNotifications } from './push/notifications.ts'
import { pushTasks } from './push/tasks.ts'
import { reading } from './reading/reading.ts'
import { typing } from './typing/typing.ts'

/** The parts of realtime, in the order in which they learn of a new connection. */
export const features: readonly Feature[] = [
  delivery,
  registerEvent,
  presence,
  reading,
  typing,
  pushNotifications,
  pushTasks,
  pushAttachments,
  pushInvites,
]
