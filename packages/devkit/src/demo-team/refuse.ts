import { isSet } from '@muster/config'
import { StartError } from '@muster/supervisor'
import { Client } from 'pg'
import type { Settings } from '../settings.ts'
import { readDemoFile } from './demo-file.ts'
import { emailDomain } from './team.ts'

/** Checks, before anything starts, that a copy is one for a demo. @throws StartError with the reason */
export function assertMayBeDemo({ databaseUrl, smtpUrl, hasApps }: Settings, env: NodeJS.ProcessEnv): void {
  if (env.NODE_ENV === 'production')
    throw new StartError(
      '--demo makes up people and data, and production takes none: start without NODE_ENV=production.',
    )
  if (databaseUrl)
    throw new StartError(
      '--demo fills only the embedded database, and DATABASE_URL names another one. Start without it, or without --demo.',
    )
  if (smtpUrl)
    throw new StartError(
      '--demo mails people who are made up, so it needs the embedded inbox. Start without SMTP_URL and SMTP_HOST, or without --demo.',
    )
  if (!hasApps) throw new StartError('--demo needs the apps, which --without-apps leaves out.')
  if (isSet('RATE_LIMIT_SCALE', env) && Number(env.RATE_LIMIT_SCALE) < leastLimitScale)
    throw new StartError(
      `--demo does in seconds what people do in weeks. Start without RATE_LIMIT_SCALE, or with at least ${leastLimitScale}.`,
    )
}

const leastLimitScale = 10

/**
 * Checks that a copy is filled already, or that its database has no people yet except for administrators of the platform.
 * @throws StartError with what to do
 */
export async function assertMayBeFilled(home: string, postgresUrl: string): Promise<void> {
  if (readDemoFile(home)) return
  const db = new Client({ connectionString: postgresUrl })
  await db.connect()
  try {
    await assertNobodyIsThere(db)
  } finally {
    await db.end()
  }
}

async function assertNobodyIsThere(db: Client): Promise<void> {
  const { rows } = await db.query<{ others: number; demo: number }>(
    `select count(*) filter (where email not like $1)::int as others, count(*) filter (where email like $1)::int as demo
     from users where role <> 'super_admin'`,
    [`%@${emailDomain}`],
  )
  const { others = 0, demo = 0 } = rows[0] ?? {}
  if (others > 0)
    throw new StartError(
      'This copy has people who are not of the demo, so it is not filled. Begin with an empty one: npm start -- --demo --fresh, ' +
        'or with another MUSTER_HOME.',
    )
  if (demo > 0)
    throw new StartError(
      'An earlier start was stopped while it filled this copy. Begin anew: npm start -- --demo --fresh',
    )
}
