import { type App, apps } from '@muster/launcher/apps'
import { StartError } from '@muster/supervisor'
import { isPortFree } from './services/ports.ts'
import type { Settings } from './settings.ts'

/** One process of an app. */
export type Instance = {
  app: App
  /** From 1; among several processes of an app, part of the name. */
  number: number
  /** `api`, or `api-1` and `api-2` when several run. */
  name: string
  /** Where an API listens. */
  port?: number
  opsPort: number
}

/** Describes the first process of an app, or its only one. */
export function firstOf(app: App, { apiPort, opsPortBase }: Settings): Instance {
  const opsPort = opsPortBase + apps.indexOf(app)
  return { app, number: 1, name: app.name, ...(app.name === 'api' && { port: apiPort }), opsPort }
}

/**
 * Lists the processes of these apps with their ports. The first process of an app has the port of the settings; the ports of further
 * ones are the next free ones behind it.
 */
export async function listInstances(settings: Settings, started: readonly App[]): Promise<Instance[]> {
  const { apiPort, inboxPort, smtpPort, opsPortBase, scale } = settings
  const taken = new Set([apiPort, inboxPort, smtpPort, ...apps.map((_app, index) => opsPortBase + index)])
  const next = async (from: number) => {
    const port = await nextFreePort(from, taken)
    taken.add(port)
    return port
  }
  const instances: Instance[] = []
  for (const app of started) {
    const count = scale.get(app.name) ?? 1
    const first = firstOf(app, settings)
    instances.push(count > 1 ? { ...first, name: `${app.name}-1` } : first)
    for (let number = 2; number <= count; number++) {
      const port = first.port && { port: await next(first.port + 1) }
      const opsPort = await next(opsPortBase + apps.length)
      instances.push({ app, number, name: `${app.name}-${number}`, ...port, opsPort })
    }
  }
  return instances
}

async function nextFreePort(from: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = from; port < 65_536; port++) if (!taken.has(port) && (await isPortFree(port))) return port
  throw new StartError(`--scale finds no free port from ${from} on. Set PORT and OPS_PORT_BASE to lower ones.`)
}
