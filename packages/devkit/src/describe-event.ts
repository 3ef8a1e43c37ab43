import type { SupervisorEvent } from '@muster/supervisor'

/** Describes for the terminal what happened to a process, and what follows. */
export function describeEvent(event: SupervisorEvent): string {
  const { unit } = event
  switch (event.kind) {
    case 'not-started':
      return `${unit} did not start; trying again`
    case 'ended':
      return `${unit} ended (${event.signal ?? `exit ${event.code}`}); starting it again in ${event.nextStartMs / 1000} s`
    case 'restarted':
      return `${unit} is ready again (pid ${event.pid})`
    case 'awaits-change':
      return `${unit} did not start; its lines above tell why. It starts again when one of its files changes`
    case 'restart-failed':
      return `${event.error.message}\nNext attempt in ${event.nextStartMs / 1000} s.`
  }
}
