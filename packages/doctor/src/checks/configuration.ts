import { ConfigError, isSet, type ProcessName, processNames } from '@muster/config'
import type { Subject } from '../diagnose.ts'
import { type Notes, Unchecked } from '../finding.ts'
import type { Tools } from '../tools.ts'

export type ConfigReaders = Readonly<Record<ProcessName, (env: NodeJS.ProcessEnv) => unknown>>

/**
 * Variables of which one is set wherever a process runs: a container of one process has no settings of the others, and that is no fault.
 */
const marks: Readonly<Record<ProcessName, readonly string[]>> = {
  api: ['ACCESS_TOKEN_KEYS', 'REFRESH_TOKEN_KEYS', 'COOKIE_KEYS', 'STAGING_DIR'],
  'email-worker': ['SMTP_URL', 'MAIL_FROM'],
  'audit-worker': ['AUDIT_KEYS'],
  'reminder-worker': ['DATABASE_URL', 'REDIS_URL'],
  'image-worker': ['STORAGE_DRIVER', 'STORAGE_LOCAL_DIR'],
}

/** Reads the settings as each process does at its start, and reports the faults of all of them. */
export async function checkConfiguration(
  { env }: Tools,
  notes: Notes,
  { readers, processes, ignoredCopy }: Subject,
): Promise<void> {
  if (ignoredCopy) notes.fact(ignoredCopy)
  const isHere = (name: ProcessName) => marks[name].some((mark) => isSet(mark, env))
  const names = processNames.filter((name) => (processes ? processes.includes(name) : isHere(name)))
  const faults = new Map<string, ProcessName[]>()
  for (const name of names)
    for (const fault of faultsOf(() => readers[name](env))) faults.set(fault, [...(faults.get(fault) ?? []), name])
  for (const [fault, concerned] of faults)
    notes.find({
      id: 'configuration',
      severity: 'error',
      what: `${fault}.`,
      remedy: `Correct it: ${concerned.join(', ')} ${concerned.length === 1 ? 'does' : 'do'} not start with it. docs/operate.md describes each variable.`,
    })
  if (names.length > 0 && faults.size === 0) notes.fact(`The settings of ${names.join(', ')} are valid.`)
  const absent = processNames.filter((name) => !names.includes(name))
  if (absent.length === 0 || processes) return
  const example = absent.map((name) => `${name} (none of ${marks[name].join(', ')})`).join(', ')
  throw new Unchecked(
    `No settings here of ${example}. Run this with their variables too, e.g. \`muster --env-file .env doctor\`.`,
  )
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}
