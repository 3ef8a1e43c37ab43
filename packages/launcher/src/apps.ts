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

/** Returns the ports of a further process of an app, so that it can run beside the first one on the same machine. */
export function portsOf({ app, number }: Instance): Record<string, string> {
  if (number === 1) return {}
  const opsPort = 9_100 + apps.indexOf(app) + 100 * (number - 1)
  return { OPS_PORT: String(opsPort), ...(app.name === 'api' && { PORT: String(3_000 + number - 1) }) }
}
