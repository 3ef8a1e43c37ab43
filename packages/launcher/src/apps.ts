import { type KeyRingName, keyRingNames } from '@muster/config/key-ring-names'

export type App = { name: string; keyRings: readonly KeyRingName[] }

/** The apps in the order of their ops ports, each with the key rings that it uses; it gets no others. */
export const apps: readonly App[] = [
  { name: 'api', keyRings: keyRingNames },
  { name: 'email-worker', keyRings: ['MAIL_CODE_KEYS'] },
  { name: 'audit-worker', keyRings: ['AUDIT_KEYS'] },
  { name: 'reminder-worker', keyRings: [] },
  { name: 'image-worker', keyRings: [] },
]

/** One of several processes of an app: its number counts from 1. */
export type Instance = { app: App; number: number }

/** Finds the app that a word names: `api`, or `api:2` for a second process beside `api`. */
export function instanceNamed(word: string): Instance | undefined {
  const [, name, number = '1'] = /^([a-z-]+)(?::([1-9]))?$/.exec(word) ?? []
  const app = apps.find((one) => one.name === name)
  return app && { app, number: Number(number) }
}

/**
 * Returns the ports of a further process of an app, counted from those that the first one has in this environment, so that both can run
 * on the same machine. A port that is no number is left for the app to refuse.
 */
export function portsOf({ app, number }: Instance, env: NodeJS.ProcessEnv): Record<string, string> {
  const moved = (name: string, byDefault: number, distance: number) => {
    const port = Number(env[name] || byDefault)
    return number === 1 || Number.isNaN(port) || port === 0 ? {} : { [name]: String(port + distance * (number - 1)) }
  }
  return {
    ...moved('OPS_PORT', 9_100 + apps.indexOf(app), 100),
    ...(app.name === 'api' && moved('PORT', 3_000, 1)),
  }
}
