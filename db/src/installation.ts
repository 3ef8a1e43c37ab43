import type { Db } from './types.ts'

/** Reads the id of the installation (a UUID), which its Redis and the storage of its files have too. */
export async function readInstallationId(db: Db): Promise<string> {
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id
}
