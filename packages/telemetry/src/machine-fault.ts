/** No space, no permission, no handles, no memory, a broken or unmounted disk: what the operating system says of itself. */
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
 * Finds what the operating system refused, in an error or its causes: a fault of the machine that an operator mends, never
 * of the file or the job that met it. A folder that is gone counts where a temporary one was to be made in it.
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
