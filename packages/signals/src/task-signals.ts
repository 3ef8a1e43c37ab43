import type { Room, Signal } from './signal.ts'

/** Who may see a task: its owner, its assignee, and the admins of its organization. */
export type TaskPlace = { ownerId: string; assigneeId: string | null; organizationId: string | null }

/**
 * Signals that a task or a file of it changed, to everybody who could see the task in one of these states: before the change, after it.
 * The receiver decides who still may see it.
 */
export function signalTaskChange(
  { signal }: { signal(signal: Signal): void },
  what: { event: 'task'; id: string } | { event: 'attachment'; id: string; taskId: string },
  ...states: TaskPlace[]
): void {
  for (const room of new Set(states.flatMap(roomsOfTask))) signal({ room, ...what })
}

/** Lists the rooms in which a task is visible. In that of an organization only to its admins. */
export const roomsOfTask = ({ ownerId, assigneeId, organizationId }: TaskPlace): Room[] => [
  `user:${ownerId}`,
  ...(assigneeId && assigneeId !== ownerId ? [`user:${assigneeId}` as const] : []),
  ...(organizationId ? [`org:${organizationId}` as const] : []),
]
