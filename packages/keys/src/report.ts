import { type KeyRingName, keyRingNames } from '@muster/config'
import type { Db } from '@muster/db'
import { findRingFaults } from './find-faults.ts'
import { type KnownKey, listKnownKeys } from './key-checks.queries.ts'
import type { Rings } from './rings.ts'
import { countSessionsBefore, usageOf } from './usage.queries.ts'

/** The state of a key, for an operator who wants to know whether it can be removed. */
export type KeyState = {
  ring: KeyRingName
  keyId: string
  /**
   * current: makes new values · needed: rows or recently issued values need it · unused: can be removed · missing: needed but not in the
   * ring · misfit: not the key that the database knows · forgotten: given up by an operator
   */
  state: 'current' | 'needed' | 'unused' | 'missing' | 'misfit' | 'forgotten'
  /** The reason for the state. */
  reason: string
  /** The number of rows that need it, by table. */
  rows: Readonly<Record<string, number>>
}

const minuteMs = 60_000
/** Lifetimes of values without a row. */
const lifetimesMs: Partial<Record<KeyRingName, number>> = {
  ACCESS_TOKEN_KEYS: 15 * minuteMs,
  COOKIE_KEYS: 10 * minuteMs,
}

/** Reports the state of every key that a ring contains, that rows need or that was ever used. Counts whole tables. */
export async function reportKeys(db: Db, rings: Rings, now: Date): Promise<KeyState[]> {
  const known = await listKnownKeys(db)
  const faults = await findRingFaults(db, rings)
  const states: KeyState[] = []
  for (const ring of keyRingNames) {
    const own = known.filter((row) => row.ring === ring)
    const needs = await readNeeds(db, ring, { own, currentId: rings[ring]?.currentId, now })
    const held = [...(rings[ring]?.keys.keys() ?? [])]
    for (const keyId of new Set([...held, ...own.map((row) => row.keyId), ...needs.keys()])) {
      const need = needs.get(keyId)
      const fault = faults.find((one) => one.ring === ring && one.keyId === keyId)
      const isForgotten = own.some((row) => row.keyId === keyId && !row.checkValue)
      const isMissing = fault?.kind === 'missing' || (need && !isForgotten)
      const at = { ring, keyId, rows: need?.rows ?? {} }
      if (fault && fault.kind !== 'missing') states.push({ ...at, state: 'misfit', reason: fault.sentence })
      else if (rings[ring]?.currentId === keyId)
        states.push({ ...at, state: 'current', reason: need?.reason ?? 'new values are made with it' })
      else if (held.includes(keyId))
        states.push({ ...at, state: need ? 'needed' : 'unused', reason: need?.reason ?? 'nothing needs it: it may go' })
      else if (isMissing) states.push({ ...at, state: 'missing', reason: need?.reason ?? (fault?.sentence as string) })
      else if (isForgotten) states.push({ ...at, state: 'forgotten', reason: need?.reason ?? 'given up' })
    }
  }
  return states
}

/** Tests whether a key was ever recorded under this id of the ring, or rows need one. */
export async function isKnownKey(db: Db, ring: KeyRingName, keyId: string): Promise<boolean> {
  const known = await listKnownKeys(db)
  if (known.some((row) => row.ring === ring && row.keyId === keyId)) return true
  const usages = (await usageOf[ring]?.(db)) ?? []
  return usages.some((usage) => usage.keyId === keyId)
}

type Need = { reason: string; rows: Record<string, number> }

async function readNeeds(
  db: Db,
  ring: KeyRingName,
  { own, currentId, now }: { own: readonly KnownKey[]; currentId: string | undefined; now: Date },
): Promise<Map<string, Need>> {
  const needs = new Map<string, Need>()
  for (const { keyId, table, rows } of (await usageOf[ring]?.(db)) ?? []) {
    const all = { ...needs.get(keyId)?.rows, [table]: rows }
    needs.set(keyId, { rows: all, reason: describeRows(all) })
  }
  const since = own.find(({ keyId }) => keyId === currentId)?.becameCurrentAt
  for (const { keyId, becameCurrentAt, checkValue } of own) {
    if (keyId === currentId || !becameCurrentAt || !checkValue || needs.has(keyId)) continue
    const need = await needOfTime(db, ring, since ?? undefined, now)
    if (need) needs.set(keyId, need)
  }
  return needs
}

/** Finds the need for a key that was current before `since`, for values whose rows do not name their key. */
async function needOfTime(db: Db, ring: KeyRingName, since: Date | undefined, now: Date): Promise<Need | undefined> {
  const lifetimeMs = lifetimesMs[ring]
  if (lifetimeMs === undefined && ring !== 'REFRESH_TOKEN_KEYS') return undefined
  if (!since) return { rows: {}, reason: 'no process has started with another current key yet' }
  if (lifetimeMs !== undefined) {
    const until = new Date(since.getTime() + lifetimeMs)
    return until > now ? { rows: {}, reason: `values of it are good until ${until.toISOString()}` } : undefined
  }
  const sessions = await countSessionsBefore(db, since)
  return sessions > 0 ? { rows: { sessions }, reason: `up to ${describeRows({ sessions })}` } : undefined
}

const describeRows = (rows: Record<string, number>) =>
  `needed by ${Object.entries(rows)
    .map(([table, count]) => `${count} rows of ${table}`)
    .join(', ')}`
