import type { Db, Trx } from '@muster/db'
import { taskVisibleToSql } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'

const columns = ['id', 'owner_id', 'assignee_id', 'organization_id', 'status', 'due_date'] as const

/** Returns what other modules need to know of a task; undefined when it is not visible to the actor. */
export function findVisibleTask(db: Db | Trx, id: string, actor: Actor) {
  return db.selectFrom('tasks').select(columns).where('id', '=', id).where(taskVisibleToSql(actor)).executeTakeFirst()
}

/** Returns the same, locked against changes and deletion until the transaction ends. */
export function lockVisibleTask(trx: Trx, id: string, actor: Actor) {
  return trx
    .selectFrom('tasks')
    .select(columns)
    .where('id', '=', id)
    .where(taskVisibleToSql(actor))
    .forShare()
    .executeTakeFirst()
}
