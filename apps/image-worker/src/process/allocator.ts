const setting = 'MALLOC_MMAP_THRESHOLD_'
const thresholdBytes = 131_072

/**
 * Replaces this process by itself, under the same id, with a setting that makes glibc return large memory blocks to the system at once.
 * By default glibc keeps the memory of decoded images, and several large ones exceed 512 MiB (measured: 543 MiB, with the setting 464).
 * glibc reads the setting at process start only. Does nothing on other systems.
 */
export function returnMemoryAtOnce(): void {
  const isManaged = process.channel !== undefined
  if (process.platform !== 'linux' || process.env[setting] || isManaged || !process.execve) return
  const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...process.env, [setting]: String(thresholdBytes) })
}
