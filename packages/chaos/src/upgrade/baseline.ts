import { readFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeyRingName, keyRingNames } from '@muster/config/key-ring-names'
import type { AppName, Env } from '../system/apps.ts'
import { baselines } from './releases.ts'

/** The facts about a baseline besides its rows: `baseline.json`. Its keys and passwords protect nothing. */
export type Baseline = {
  version: string
  commit: string
  /** The time on the clock of the release when the dump was made. */
  madeAt: string
  keyRings: Record<KeyRingName, string>
  /** The password of every user. */
  password: string
  /** The secret of Grace's authenticator app, in base32. */
  totpSecret: string
  /** By username; all are under `example.test`. */
  roles: Record<string, string>
  /** Titles of tasks by the username of their owner. */
  tasks: Record<string, string[]>
  /** Attachments that were ready, and those whose job was pending. */
  attachments: { ready: string[]; pending: string[] }
  /** Reminders that were sent, that were due soon after the dump, and that are due in another century. */
  reminders: { sent: string[]; overdue: string[]; future: string[] }
  /** Addresses to which a mail was pending, by template. */
  pendingMails: Record<string, string>
  auditHead: { seq: number; hash: string }
}

/** Makes the key rings of a new baseline, the same each time. */
export const newKeyRings = () =>
  Object.fromEntries(
    keyRingNames.map((name, index) => [name, `k1:${Buffer.alloc(32, index + 1).toString('base64')}`]),
  ) as Record<KeyRingName, string>

/** Returns the key rings that each process of an installation has. */
export function ringsByApp({
  MAIL_CODE_KEYS,
  AUDIT_KEYS,
  ...others
}: Record<KeyRingName, string>): Record<AppName, Env> {
  return {
    api: { ...others, MAIL_CODE_KEYS, AUDIT_KEYS },
    'email-worker': { MAIL_CODE_KEYS },
    'audit-worker': { AUDIT_KEYS },
    'reminder-worker': {},
    'image-worker': {},
  }
}

const folderOf = (version: string) => join(baselines, version)

/** The committed files of a baseline. */
export const baselineFiles = (version: string) => ({
  dump: join(folderOf(version), 'dump.sql'),
  facts: join(folderOf(version), 'baseline.json'),
  files: join(folderOf(version), 'files'),
})

/** Reads a committed baseline. */
export function readBaseline(version: string): Baseline & { dump: string } {
  const { dump, facts } = baselineFiles(version)
  return { ...(JSON.parse(readFileSync(facts, 'utf8')) as Baseline), dump: readFileSync(dump, 'utf8') }
}

/** Copies the files of a baseline into the folder of a system. */
export async function restoreFiles(version: string, home: string): Promise<void> {
  await cp(baselineFiles(version).files, join(home, 'files'), { recursive: true })
}
