import { live } from './live-muster.ts'
import { queryClient } from './query.ts'

/**
 * Connects, and reads again what an event says has changed, as long as the pages of a signed-in user are open.
 * @returns a function that ends this
 */
export function followChanges(): () => void {
  const realtime = live.realtime()
  const stale = (...modules: string[]) => {
    for (const module of modules) void queryClient.invalidateQueries({ queryKey: [module] })
  }
  const ends = [
    realtime.on('task:updated', () => stale('tasks', 'reminders', 'analytics')),
    realtime.on('attachment:updated', () => stale('tasks', 'attachments')),
    realtime.on('notification:count', () => stale('tasks', 'reminders', 'friends')),
    realtime.on('invite:accepted', () => stale('invites', 'members', 'organizations')),
    realtime.on('invite:status', () => stale('invites', 'members', 'organizations')),
    realtime.on('chat:change', ({ kind, chatId }) => {
      if (kind === 'member') void queryClient.invalidateQueries({ queryKey: ['chats', 'members', chatId] })
    }),
    // Events of the time without a connection are lost.
    realtime.on('resynced', () => void queryClient.invalidateQueries()),
  ]
  return () => {
    for (const end of ends) end()
  }
}
