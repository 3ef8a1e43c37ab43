import { deleteFiles } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { retryWhenUnavailable } from '../uploads/storage-errors.ts'

/** Deletes stored files. Safe to repeat: a missing file is not an error. */
export function deleteFilesHandler({ storage }: Pick<Deps, 'storage'>) {
  return handle(deleteFiles, ({ keys }) => retryWhenUnavailable(storage.remove(keys)))
}
