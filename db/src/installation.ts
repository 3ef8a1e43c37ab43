import type { Db } from './types.ts'

/** Reads a mark of the last restore, which another restore changes; undefined in a database that was never restored. */
export async function readRestoreMark(db: Db): Promise<string | undefined> {
  const { restored_at } = await db.selectFrom('installation').select('restored_at').executeTakeFirstOrThrow()
  return restored_at?.toISOString()
}

/** Reads the id of the installation (a UUID), which its Redis and the storage of its files have too. */
export async function readInstallationId(db: Db): Promise<string> {
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id
}
