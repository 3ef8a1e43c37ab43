import { join } from 'node:path'
import { ringsOf } from '../../config.ts'

/** Time of the baseline's events; a test that signs in there sets its clock to it. */
export const baselineMoment = new Date('2026-11-26T12:00:00.000Z')

export const baselinePassword = 'Baseline-2026-pass'
/** Secret of Grace's authenticator app. */
export const baselineTotpSecret = Buffer.alloc(20, 9)

/** Returns the path of a release's committed dump. */
export const baselineFile = (release: string): string =>
  join(import.meta.dirname, '../../../../../packages/testing/fixtures/baselines', `${release}.sql`)

const ring = (fill: number) => ({ currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, fill)]]) })

/** Key rings of the baseline, equal to those of `buildTestApp`; they protect nothing. */
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
