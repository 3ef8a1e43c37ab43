import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { type Manifest, root } from './render.ts'

export const processes = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
export type ProcessName = (typeof processes)[number]

/**
 * Lists the variables that the schema of a process reads, by letting it read an empty environment. A variable stands for its file
 * (`<NAME>_FILE`) too.
 */
export async function readNames(name: ProcessName): Promise<string[]> {
  const asked = new Set<string>()
  const note = (key: string | symbol) => {
    if (typeof key === 'string') asked.add(key)
  }
  const env = new Proxy({} as NodeJS.ProcessEnv, {
    get: (_, key) => void note(key),
    has: (_, key) => {
      note(key)
      return false
    },
  })
  // A path that is computed: no package depends on an app.
  const { readConfig } = (await import(join(root, 'apps', name, 'src/config.ts'))) as {
    readConfig(env: NodeJS.ProcessEnv): unknown
  }
  try {
    readConfig(env)
  } catch (error) {
    if ((error as Error).name !== 'ConfigError') throw error
  }
  return [...asked].filter((key) => !(key.endsWith('_FILE') && asked.has(key.slice(0, -'_FILE'.length))))
}

type ComposeFile = { services: Record<string, { environment?: Record<string, unknown> }> }

/** Lists the variables that compose.yaml passes to a process. */
export function composeNames(name: ProcessName): string[] {
  const file = parse(readFileSync(join(root, 'docker/compose.yaml'), 'utf8'), { merge: true }) as ComposeFile
  return Object.keys(file.services[name]?.environment ?? {})
}

/** Lists the settings that all processes get in the cluster. */
export const sharedSettings = (): string[] =>
  [...readFileSync(join(root, 'docker/kubernetes/base/config.env'), 'utf8').matchAll(/^([A-Z0-9_]+)=/gm)].map(
    ([, key]) => key as string,
  )

/** Lists the variables that the base of the manifests passes to a process alone. */
export function ownSettings(name: ProcessName): { name: string; from: string }[] {
  const documents = parseAllDocuments(readFileSync(join(root, `docker/kubernetes/base/${name}.yaml`), 'utf8'))
  const deployment = documents.map((document) => document.toJS() as Manifest).find(({ kind }) => kind === 'Deployment')
  const [container] = deployment?.spec.template.spec.containers ?? []
  return container.env.map((one: { name: string; valueFrom: Record<string, { key: string }> }) => ({
    name: one.name,
    from: (one.valueFrom.secretKeyRef ?? one.valueFrom.configMapKeyRef)?.key,
  }))
}
