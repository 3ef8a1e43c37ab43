/** Errors of the operating system itself: no space, permission, file handles or memory, or a broken or unmounted disk. */
const machineCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'ENODEV',
  'ENXIO',
  'ESTALE',
  'EBUSY',
])
const maxCauses = 5

export type MachineFault = Error & { code: string; syscall: string; path?: string }

/**
 * Searches an error and its causes for a refusal of the operating system. An operator must fix such a fault; the file or job that
 * met it is not at fault. A missing parent folder counts when a temporary folder was to be created in it.
 */
export function findMachineFault(error: unknown): MachineFault | undefined {
  let fault = error
  for (let depth = 0; depth < maxCauses && fault instanceof Error; depth++, fault = fault.cause) {
    if (isSystemError(fault) && (machineCodes.has(fault.code) || isMissingTempFolder(fault))) return fault
  }
  return undefined
}

const isSystemError = (error: Error): error is MachineFault =>
  'syscall' in error && 'code' in error && typeof error.syscall === 'string' && typeof error.code === 'string'

const isMissingTempFolder = ({ code, syscall }: MachineFault) =>
  syscall === 'mkdtemp' && (code === 'ENOENT' || code === 'ENOTDIR')
