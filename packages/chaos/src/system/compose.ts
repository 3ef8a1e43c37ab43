import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { parse } from 'yaml'
import { root } from './programs.ts'

type Compose = { services: Record<string, { command?: string[]; environment?: Record<string, string> }> }

const compose = parse(readFileSync(join(root, 'docker/compose.yaml'), 'utf8'), { merge: true }) as Compose

/** Returns the environment that docker compose gives to a service of `docker/compose.yaml`, with this text as `.env`. */
export function composeEnvironment(service: string, envFile: string): Record<string, string> {
  const variables = parseEnv(envFile)
  const { environment = {} } = compose.services[service] ?? {}
  return Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [name, interpolate(String(text), variables)]),
  )
}

/** Replaces `${NAME:-default}`, `${NAME-default}` and `${NAME?message}` as docker compose does. */
function interpolate(text: string, variables: NodeJS.Dict<string>): string {
  return text.replace(/\$\{(\w+)(:?[-?])?([^}]*)\}/g, (_, name: string, operator: string | undefined, rest: string) => {
    const value = variables[name]
    const isMissing = operator?.startsWith(':') ? !value : value === undefined
    if (!isMissing) return value ?? ''
    if (operator?.endsWith('?')) throw new Error(`${name}: ${rest}`)
    return operator ? rest : ''
  })
}
