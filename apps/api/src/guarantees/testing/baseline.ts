import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ringsOf } from '../../config.ts'

const folder = join(import.meta.dirname, '../../../../../db/baseline')

/** The releases of which a dump is committed. */
export const baselineVersions = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

type Facts = {
  madeAt: string
  password: string
  totpSecret: string
  roles: Record<string, string>
  auditHead: { seq: number }
}

/** Reads the dump of a release, and what is known of it. */
export function readBaseline(version: string): Facts & { dump: string } {
  const read = (file: string) => readFileSync(join(folder, version, file), 'utf8')
  return { ...(JSON.parse(read('baseline.json')) as Facts), dump: read('dump.sql') }
}

const ring = (fill: number) => ({ currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, fill)]]) })

/** Key rings of every baseline, equal to those of `buildTestApp`; they protect nothing. */
export const baselineRings: ReturnType<typeof ringsOf> = ringsOf({
  keys: {
    accessToken: ring(1),
    refreshToken: ring(2),
    password: ring(3),
    mailCode: ring(4),
    cookie: ring(5),
    encryption: ring(6),
    audit: ring(7),
  },
})
