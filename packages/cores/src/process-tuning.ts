import { availableCores } from './available-cores.ts'

/**
 * Returns the variables that a process of Muster must find in its environment when it starts: the size of libuv's thread pool, and a
 * setting of glibc with which large buffers return to the system at once.
 */
export const processTuning = (): Record<string, string> => ({
  UV_THREADPOOL_SIZE: String(availableCores() + 4),
  // Without it, the image worker restarts itself once to set it.
  MALLOC_MMAP_THRESHOLD_: '131072',
})
