import { paint } from '../output.ts'

/** Runs a step, and prints how long it took and what `tell` says of its result. */
export async function step<T>(name: string, act: () => T | Promise<T>, tell?: (result: T) => string): Promise<T> {
  const startedMs = performance.now()
  const result = await act()
  const tookMs = Math.round(performance.now() - startedMs)
  const detail = tell ? `  ${paint('gray', tell(result))}` : ''
  console.log(`${paint('green', '✓')} ${name.padEnd(38)} ${String(tookMs).padStart(6)} ms${detail}`)
  return result
}
