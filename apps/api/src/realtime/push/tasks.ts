import { taskVisibleTo } from '@muster/policy'
import { findTaskVersions } from '../../modules/task-access/task-access.service.ts'
import type { Connection } from '../connections.ts'
import type { Feature } from '../gateway.ts'
import { collectViewers } from './collect-viewers.ts'

/** Emits `task:updated` to the owner, the assignee and the admins of the organization, and to those who just ceased to be one of them. */
export const pushTasks: Feature = (gateway, { log }) => {
  collectViewers(gateway, log, {
    event: 'task',
    staleKind: 'tasks',
    async emitAll(rows) {
      const tasks = await findTaskVersions(gateway.signals.db, [...rows.keys()])
      for (const [taskId, { connections }] of rows) {
        const task = tasks.get(taskId)
        const isViewer = ({ actor }: Connection) => task !== undefined && taskVisibleTo(task, actor)
        const all = [...connections]
        gateway.emit(all.filter(isViewer), 'task:updated', { taskId, version: task?.version ?? null })
        const others = all.filter((connection) => !isViewer(connection))
        gateway.emit(others, 'task:updated', { taskId, version: null })
      }
    },
  })
  return undefined
}
