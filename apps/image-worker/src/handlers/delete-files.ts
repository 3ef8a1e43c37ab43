import { deleteFiles } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { whenStorageIsThere } from '../uploads/storage-errors.ts'

/** Removes stored files; what is gone already is no error, so it may run any number of times. */
export function deleteFilesHandler({ storage }: Pick<Deps, 'storage'>) {
  return handle(deleteFiles, ({ keys }) => whenStorageIsThere(storage.remove(keys)))
}
