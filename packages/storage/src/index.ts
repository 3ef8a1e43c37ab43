import { createCloudinaryStorage } from './cloudinary/driver.ts'
import { createLocalStorage } from './local.ts'
import { type OwnedStorage, ownedStorage } from './ownership/owned-storage.ts'
import { withFallback } from './ownership/with-fallback.ts'
import { placeOf } from './place.ts'
import { createS3Storage } from './s3/driver.ts'
import type { StorageConfig, StorageDriver, StorageSettings } from './storage.ts'
import { tracedDriver } from './traced-driver.ts'

export { checksumOfFile } from './copy/checksum.ts'
export { type Comparison, compareFiles } from './copy/compare-files.ts'
export { type CopyCounts, copyFiles } from './copy/copy-files.ts'
export { FileNotStoredError, StorageUnavailableError } from './errors.ts'
export { attachmentKeys, avatarKeys, everyKeyOf, groupAvatarKeys } from './keys.ts'
export { ForeignFilesError } from './ownership/claim-files.ts'
export type { OwnedStorage } from './ownership/owned-storage.ts'
export { storageCheck } from './ownership/start-check.ts'
export { placeOf } from './place.ts'
export type { Storage, StorageConfig, StorageDriver, StorageSettings, StoredFile } from './storage.ts'

/**
 * Creates the storage of all files, which belong to this installation.
 * @param readInstallationId is called with the first use
 */
export function openStorage(
  { fallback, ...config }: StorageSettings,
  readInstallationId: () => Promise<string>,
): OwnedStorage {
  const open = (one: StorageConfig) =>
    ownedStorage(tracedDriver(createStorage(one), one.driver), { readInstallationId, place: placeOf(one) })
  return fallback ? withFallback(open(config as StorageConfig), open(fallback)) : open(config as StorageConfig)
}

/** Creates the driver of a store, without regard to its owner. */
export function createStorage(config: StorageConfig): StorageDriver {
  switch (config.driver) {
    case 'local':
      return createLocalStorage(config)
    case 'cloudinary':
      return createCloudinaryStorage(config)
    case 's3':
      return createS3Storage(config)
  }
}
