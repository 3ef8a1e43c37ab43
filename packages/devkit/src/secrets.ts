import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readVariables } from '@muster/config'
import { type KeyRingName, keyRingNames } from '@muster/config/key-ring-names'
import { StartError } from '@muster/supervisor'
import { hasCluster } from './services/postgres.ts'

export type Secrets = {
  /** In the form that the processes read: `id:base64`. */
  keyRings: Record<KeyRingName, string>
  /** The super admin that the API creates at its first start. */
  admin: { email: string; password: string }
  postgresPassword: string
}

/**
 * Reads MUSTER_HOME/secrets.json and generates every missing secret. Only its owner may read the file. An administrator in the
 * environment replaces the one in the file.
 * @throws StartError when the environment has only the e-mail or only the password of an administrator
 */
export function loadSecrets(home: string, env: NodeJS.ProcessEnv = {}): Secrets {
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
  const names = ['BOOTSTRAP_ADMIN_EMAIL', 'BOOTSTRAP_ADMIN_PASSWORD']
  const { given, faults } = readVariables(names, env)
  if (faults.length > 0) throw new StartError(faults.join('\n'))
  const { BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD: password } = given
  if (!email && !password) return undefined
  if (email && password) return { email, password }
  throw new StartError('BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD go together: set both, or neither.')
}

/**
 * Checks that a home with a database still has its secrets: newly generated keys would not fit the database.
 * @throws StartError with the remedy
 */
export function assertSecretsKept(home: string): void {
  const path = join(home, 'secrets.json')
  if (existsSync(path) || !hasCluster(join(home, 'postgres'))) return
  throw new StartError(
    `${path} is gone, but the database in ${home} was made with its keys and password. Put the file back, or begin with ` +
      'an empty copy: npm start -- --fresh',
  )
}

/** Generates a random password with an upper-case letter, a lower-case letter and a digit, which the policy requires. */
function strongPassword(): string {
  return `Mu5-${randomBytes(18).toString('base64url')}`
}

/**
 * Reads a JSON file of the home.
 * @returns undefined when the file does not exist
 * @throws StartError when it is not valid JSON, e.g. truncated
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

/** Replaces a JSON file atomically. Only its owner may read it. */
export function writePrivateJson(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}
