import type { Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import { sql } from 'kysely'
import { canonicalZone } from './canonical-zone.ts'

const maxNamed = 20

/**
 * Logs the version of this process's time zone data, its differences from Postgres's, and the zones of users that this process does
 * not know and treats as UTC. The differences affect no result, because SQL gets offsets. Never throws.
 */
export async function reportZones({ db, log }: { db: Db; log: Logger }): Promise<void> {
  try {
    const tzdata = process.versions.tz
    const { missing, different } = await compareWithPostgres(db)
    log.info(
      { component: 'time-zones', tzdata, postgresLacks: named(missing), postgresDiffers: named(different) },
      'time zones, computed by node and not by postgres',
    )
    const unknown = await unknownZones(db)
    if (unknown.length > 0)
      log.warn({ component: 'time-zones', tzdata, unknown: named(unknown) }, 'time zones of users unknown, read as UTC')
  } catch (error) {
    log.warn({ component: 'time-zones', err: error }, 'time zones not compared with postgres')
  }
}

const named = (names: string[]) => ({ count: names.length, zones: names.slice(0, maxNamed) })

/** Finds the zones that Postgres lacks, and those that have another offset there right now. */
async function compareWithPostgres(db: Db): Promise<{ missing: string[]; different: string[] }> {
  const { rows } = await sql<{ name: string; offsetSeconds: number; nowMs: number }>`
    select name, extract(epoch from utc_offset)::integer as "offsetSeconds",
      (extract(epoch from now()) * 1000)::float8 as "nowMs"
    from pg_timezone_names`.execute(db)
  const offsets = new Map(rows.map(({ name, offsetSeconds }) => [name, offsetSeconds]))
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(rows[0]?.nowMs ?? Date.now()))
  const zones = Intl.supportedValuesOf('timeZone').flatMap((name) => canonicalZone(name) ?? [])
  const offsetOf = (name: string) => at.toZonedDateTimeISO(name).offsetNanoseconds / 1_000_000_000
  return {
    missing: zones.filter((name) => !offsets.has(name)),
    different: zones.filter((name) => offsets.has(name) && offsets.get(name) !== offsetOf(name)),
  }
}

async function unknownZones(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('users').select('timezone').distinct().execute()
  return rows.map(({ timezone }) => timezone).filter((name) => canonicalZone(name) === undefined)
}
