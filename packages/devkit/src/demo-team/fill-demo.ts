import { randomBytes } from 'node:crypto'
import type { Muster } from '@muster/client'
import { Client } from 'pg'
import { createClient, explain } from '../demo/client.ts'
import { converse } from './conversations.ts'
import { readDemoFile, writeDemoFile } from './demo-file.ts'
import { leaveFailures } from './failures.ts'
import { insertPastTasks } from './past-tasks.ts'
import { createOpenTasks } from './present-work.ts'
import { emailOf, gatherTeam, nameOf, type Place, parts, type Team } from './team.ts'

export type DemoOptions = {
  home: string
  urls: { api: string; inbox: string; postgres: string }
  /** The super admin of this copy, who invites the people. */
  admin: { email: string; password: string }
  tell: (line: string) => void
}

const timeoutMs = 60_000

/**
 * Fills a running copy without people with a team, its work of a year, its conversations, and failures for operators. It works over the public API
 * as people do; what lies in the past is written into the database. Does nothing in a copy that was filled before.
 * @throws StartError when a step fails
 */
export async function fillDemo({ home, urls, admin, tell }: DemoOptions): Promise<void> {
  if (readDemoFile(home)) return
  const startedMs = Date.now()
  const db = new Client({ connectionString: urls.postgres })
  await db.connect()
  try {
    tell('filling this copy with the demo; a failed job and a damaged upload in the log belong to it')
    const password = `Demo-${randomBytes(6).toString('hex')}`
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const muster = createClient(urls.api)
    await muster.session.signIn(admin)
    await fill(db, muster, { api: urls.api, inbox: urls.inbox, password, timeZone, timeoutMs })
    writeDemoFile(home, { password, people: parts.map((part) => ({ name: nameOf(part), email: emailOf(part) })) })
    tell(`filled this copy in ${((Date.now() - startedMs) / 1_000).toFixed(1)} s`)
  } catch (error) {
    throw explain(error)
  } finally {
    await db.end()
  }
}

async function fill(db: Client, admin: Muster, place: Place): Promise<void> {
  const team = await gatherTeam(admin, place)
  await insertPastTasks(db, team, place.timeZone)
  await Promise.all([
    createOpenTasks(db, team, place.timeZone),
    makeFriends(team).then(() => converse(db, team)),
    leaveFailures(db, team, place.timeoutMs),
  ])
}

/** Makes the owner and the partner friends, and leaves a request to each of two others open. */
async function makeFriends({ owner, partner, customer, designer }: Team): Promise<void> {
  const request = await partner.muster.friends.request({ userId: owner.user.id })
  await Promise.all([
    owner.muster.friends.accept(request.id),
    customer.muster.friends.request({ userId: owner.user.id }),
    designer.muster.friends.request({ userId: partner.user.id }),
  ])
}
