import type { StorageConfig } from './storage.ts'

/** Names a store for messages, as the beginning of a sentence; never with credentials. */
export function placeOf(config: StorageConfig): string {
  switch (config.driver) {
    case 'local':
      return `The folder ${config.localDir}`
    case 'cloudinary':
      return `The folder ${config.folder} of the Cloudinary account ${config.cloudName}`
    case 's3':
      return `The prefix ${config.prefix} of the bucket ${config.bucket}`
  }
}
