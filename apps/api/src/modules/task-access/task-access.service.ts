import type { Db, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TaskAccess } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'
import * as queries from './task-access.queries.ts'

/**
 * Returns the columns of a task that other modules need.
 * @throws DomainError NOT_FOUND when the task does not exist or is not visible to the actor
 */
export const getVisibleTask = async (db: Db | Trx, id: string, actor: Actor) =>
  existing(await queries.findVisibleTask(db, id, actor))

/**
 * Returns the same columns and locks the row against changes and deletion until the transaction ends.
 * @param message of the error, where the default does not fit the request
 * @throws DomainError NOT_FOUND when the task does not exist or is not visible to the actor
 */
export const lockVisibleTask = async (trx: Trx, id: string, actor: Actor, message?: string) =>
  existing(await queries.lockVisibleTask(trx, id, actor), message)

/** Reads the versions of these tasks and the columns that decide who may see them, by id; those that are gone are missing. */
export async function findTaskVersions(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, TaskAccess & { version: number }>> {
  const rows = await queries.findVersions(db, ids)
  return new Map(rows.map(({ id, ...task }) => [id, task]))
}

function existing<T>(task: T | undefined, message?: string): T {
  if (!task) throw new DomainError('NOT_FOUND', { ...(message && { message }) })
  return task
}
