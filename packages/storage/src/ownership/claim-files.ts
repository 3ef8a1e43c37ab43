import { StorageUnavailableError } from '../errors.ts'
import type { OwnerMark } from '../storage.ts'

const retryAfterSeconds = 60

/** The files of the store belong to another installation. */
export class ForeignFilesError extends Error {
  readonly code = 'FOREIGN_FILES'
  /** The remedy, for the operator. */
  readonly remedy =
    'Set another folder, bucket or prefix; or run `muster files claim` if the other installation is gone, or this database replaces its own.'

  constructor({ place, owner, installationId }: { place: string; owner: string; installationId: string }) {
    super(
      `${place} has the files of another installation of Muster (${readable(owner)}; this one is ${installationId}).`,
    )
    this.name = 'ForeignFilesError'
  }
}

/** A mark can contain anything, and the message reaches logs and terminals. */
const readable = (owner: string) => (/^[\w-]{1,64}$/.test(owner) ? owner : 'with a mark that is no id')

/**
 * Makes the installation the owner of the files of a store that has no owner yet.
 * @param place the store, as the beginning of a sentence
 * @throws StorageUnavailableError, with a ForeignFilesError as cause when another installation owns them
 */
export async function claimFiles(mark: OwnerMark, installationId: string, place: string): Promise<void> {
  let owner = await mark.read()
  if (owner === undefined) {
    await mark.claim(installationId)
    owner = await mark.read()
  }
  if (owner === installationId) return
  const cause =
    owner === undefined
      ? new Error(`${place} did not keep the mark of its owner.`)
      : new ForeignFilesError({ place, owner, installationId })
  throw new StorageUnavailableError({ retryAfterSeconds, cause })
}
