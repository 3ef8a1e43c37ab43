import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyRingName, keyRingNames } from '@muster/config/key-ring-names'
import { hasCluster } from './services/postgres.ts'
import { StartError } from './start-error.ts'

export type Secrets = {
  /** Written as the processes read them: `id:base64`. */
  keyRings: Record<KeyRingName, string>
  /** The super admin that the first start of the API makes. */
  admin: { email: string; password: string }
  postgresPassword: string
}

/**
 * Reads MUSTER_HOME/secrets.json and makes what is missing in it; only its owner may read the file. An administrator that
 * the environment names takes the place of the one in it.
 * @throws StartError when the environment names half of one
 */
export function keepSecrets(home: string, env: NodeJS.ProcessEnv = {}): Secrets {
  const path = join(home, 'secrets.json')
  const known = readJson<Partial<Secrets>>(path) ?? {}
  const secrets: Secrets = {
    keyRings: Object.fromEntries(
      keyRingNames.map((name) => [name, known.keyRings?.[name] ?? `k1:${randomBytes(32).toString('base64')}`]),
    ) as Secrets['keyRings'],
    admin: adminOf(env) ?? known.admin ?? { email: 'admin@muster.localhost', password: strongPassword() },
    postgresPassword: known.postgresPassword ?? randomBytes(24).toString('base64url'),
  }
  writePrivateJson(path, secrets)
  return secrets
}

function adminOf(env: NodeJS.ProcessEnv): Secrets['admin'] | undefined {
  const { BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD: password } = env
  if (!email && !password) return undefined
  if (email && password) return { email, password }
  throw new StartError('BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD go together: set both, or neither.')
}

/**
 * Refuses a home whose secrets are gone while its database is there: new keys would fit nothing in it.
 * @throws StartError with what to do
 */
export function refuseLostSecrets(home: string): void {
  const path = join(home, 'secrets.json')
  if (existsSync(path) || !hasCluster(join(home, 'postgres'))) return
  throw new StartError(
    `${path} is gone, but the database in ${home} was made with its keys and password. Put the file back, or begin with ` +
      'an empty copy: npm start -- --fresh',
  )
}

/** Random, with the upper-case letter, lower-case letter and digit that every password needs. */
function strongPassword(): string {
  return `Mu5-${randomBytes(18).toString('base64url')}`
}

/**
 * Reads a JSON file of the home.
 * @returns undefined when there is no such file
 * @throws StartError when it is no JSON, e.g. cut off
 */
export function readJson<T>(path: string): T | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text) as T
  } catch {
    throw new StartError(`${path} is damaged. Put a copy of it back, or begin with an empty copy: npm start -- --fresh`)
  }
}

/** Whole or not at all, and readable by its owner alone. */
export function writePrivateJson(path: string, value: unknown): void {
  const half = `${path}.${process.pid}`
  writeFileSync(half, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  renameSync(half, path)
}
