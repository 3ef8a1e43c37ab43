import { createCloudinaryStorage } from './cloudinary/driver.ts'
import { createLocalStorage } from './local.ts'
import { createS3Storage } from './s3/driver.ts'
import type { Storage, StorageConfig } from './storage.ts'

export { FileNotStoredError, StorageUnavailableError } from './errors.ts'
export { attachmentKeys, avatarKeys, everyKeyOf, groupAvatarKeys } from './keys.ts'
export type { Storage, StorageConfig, StoredFile } from './storage.ts'

/** Creates the storage of the configured driver. */
export function createStorage(config: StorageConfig): Storage {
  switch (config.driver) {
    case 'local':
      return createLocalStorage(config)
    case 'cloudinary':
      return createCloudinaryStorage(config)
    case 's3':
      return createS3Storage(config)
  }
}
