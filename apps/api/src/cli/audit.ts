import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import {
  type ChainFault,
  type ChainReport,
  parseHead,
  readAnnouncedHeads,
  type SignedHead,
  verifyChain,
} from '@muster/audit'
import { describeRingFaults, findRingFaults } from '@muster/keys'
import { failFastRedis, type RedisSettings } from '@muster/redis'
import type { Result } from './command.ts'
import { readAuditing, withDb } from './environment.ts'
import { surroundings, tell } from './surroundings.ts'

const redisPatienceMs = 3_000

/**
 * Verifies the whole chain of the audit log. `isWell` is false when it has a fault.
 * @param given.head signed heads, separated by commas, as `seq.hash.keyId.signature`
 * @param given.heads a file, `-` for standard input, with such heads or with the audit worker's log, one a line
 * @throws Error for a malformed head, or a file without any
 */
export async function verifyAudit(given: { head?: string | undefined; heads?: string | undefined }): Promise<Result> {
  const { database, redis, AUDIT_KEYS } = readAuditing()
  const announced = redis ? await readFromRedis(redis) : []
  const heads = [...announced, ...givenHeads(given.head), ...(given.heads ? await readFromFile(given.heads) : [])]
  return withDb(database, async (db) => {
    const ringFaults = await findRingFaults(db, { AUDIT_KEYS })
    if (ringFaults.length > 0)
      return { data: { ok: false, ringFaults }, lines: [describeRingFaults(ringFaults)], isWell: false }
    const report = await verifyChain(db, AUDIT_KEYS, { heads })
    return { data: { ...report, heads: heads.length }, lines: describe(report, heads.length), isWell: report.ok }
  })
}

function describe({ ok, isComplete, checkedRows, erasedRows, droppedRows, last, faults }: ChainReport, heads: number) {
  const compared =
    heads > 0
      ? `compared with ${heads} signed heads`
      : 'compared with no signed head, so an end that is cut off may go unnoticed'
  const counts = `${checkedRows} events read to number ${last.seq}, ${erasedRows} of them erased, ${droppedRows} dropped by retention; ${compared}.`
  const more = isComplete ? [] : ['There may be more faults after the last one.']
  return ok
    ? [counts, 'The chain is valid.']
    : [counts, 'The chain is broken:', ...inRuns(faults).map(describeRun), ...more]
}

/** Groups adjacent faults of one kind: thousands of lines for one fault would hide the others. */
function inRuns(faults: readonly ChainFault[]): [ChainFault, ...ChainFault[]][] {
  const runs: [ChainFault, ...ChainFault[]][] = []
  for (const fault of faults) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    const isNext = last && last.kind === fault.kind && keyOf(last) === keyOf(fault) && last.seq + 1 === fault.seq
    if (run && isNext) run.push(fault)
    else runs.push([fault])
  }
  return runs
}

const keyOf = (fault: ChainFault) => ('keyId' in fault ? fault.keyId : undefined)

function describeRun([fault, ...further]: [ChainFault, ...ChainFault[]]): string {
  const last = further.at(-1) ?? fault
  const toSeq = 'toSeq' in last ? last.toSeq : last.seq
  const place = toSeq === fault.seq ? String(fault.seq) : `${fault.seq} to ${toSeq}`
  const event = further.length === 0 && 'eventId' in fault && fault.eventId ? ` (event ${fault.eventId})` : ''
  return `  ${fault.kind.padEnd(18)} ${place}${event}${'keyId' in fault ? ` by key ${fault.keyId}` : ''}`
}

/** Reads the heads that the audit worker announced in Redis; none when Redis is unavailable. */
async function readFromRedis(settings: RedisSettings): Promise<SignedHead[]> {
  const redis = failFastRedis(settings, { enableOfflineQueue: true, commandTimeout: redisPatienceMs })
  try {
    return await readAnnouncedHeads(redis)
  } catch {
    tell('Redis is unavailable: its heads are not compared.')
    return []
  } finally {
    redis.disconnect()
  }
}

const givenHeads = (list: string | undefined): SignedHead[] =>
  (list?.split(',') ?? []).map((one) => {
    const head = parseHead(one.trim())
    if (!head) throw new Error('--head: not written as seq.hash.keyId.signature')
    return head
  })

async function readFromFile(path: string): Promise<SignedHead[]> {
  const content = await (path === '-' ? text(surroundings().stdin) : readFile(path, 'utf8')).catch((error: Error) => {
    throw new Error(`--heads: ${path} can't be read (${error.message})`)
  })
  const heads = content.split('\n').flatMap((line) => headIn(line.trim()) ?? [])
  if (heads.length === 0) throw new Error(`--heads: there is no signed head in ${path}`)
  return heads
}

/** Parses the head of a line: a bare head, or a log line of the audit worker, as JSON or as `npm start` prints it. */
function headIn(line: string): SignedHead | undefined {
  const [json] = /\{"seq":[^{}]*\}/.exec(line) ?? []
  if (!json) return parseHead(line)
  try {
    const { seq, hash, keyId, signature } = JSON.parse(json) as Partial<SignedHead>
    return parseHead([seq, hash, keyId, signature].join('.'))
  } catch {
    return undefined
  }
}
