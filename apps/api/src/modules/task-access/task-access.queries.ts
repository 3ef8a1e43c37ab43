import type { Db, Trx } from '@muster/db'
import { taskVisibleToSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

const columns = ['id', 'owner_id', 'assignee_id', 'organization_id', 'status', 'due_date'] as const

/** Reads the task; undefined when it is not visible to the actor. */
export const findVisibleTask = (db: Db | Trx, id: string, actor: Actor) => visibleTask(db, id, actor).executeTakeFirst()

/** Reads the task and locks its row against changes and deletion until the transaction ends. */
export const lockVisibleTask = (trx: Trx, id: string, actor: Actor) =>
  visibleTask(trx, id, actor).forShare().executeTakeFirst()

/** Reads the versions of these tasks and who may see them; those that are gone are missing. */
export const findVersions = (db: Db, ids: readonly string[]) =>
  db
    .selectFrom('tasks')
    .select(['id', 'version', 'owner_id', 'assignee_id', 'organization_id'])
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()

const visibleTask = (db: Db | Trx, id: string, actor: Actor) =>
  db.selectFrom('tasks').select(columns).where('id', '=', id).where(taskVisibleToSql(actor))
