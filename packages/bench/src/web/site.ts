import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { launchBrowser, watchAnswers } from '@muster/browser'
import { fillDemo, freePort, readDemoFile, startInbox } from '@muster/devkit'
import { builtPages, type PageRoute } from '@muster/pages'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startApp, startApps } from '../apps.ts'
import type { Stage } from '../stage.ts'
import { benchPassword, type Credentials, insertUser, signIn, type User } from '../users.ts'

/** The user of a page: not signed in, a member of an organization, or an operator of the installation. */
export type Viewer = 'visitor' | 'member' | 'operator'

type Cookie = { name: string; value: string; url: string }

/** An installation with the built pages, and a browser. */
export type Site = {
  origin: string
  /** The folder of the pages. */
  folder: string
  /** Puts values for the names of an address, such as `$taskId`. */
  addressOf(route: PageRoute): string
  /** Opens a window whose cache is empty. */
  open(viewer: Viewer, options?: BrowserContextOptions): Promise<Window>
  /** Returns the cookies of a viewer, of a session that is valid for some minutes at least. */
  cookiesOf(viewer: Viewer): Promise<Cookie[]>
  /** Makes another user the member. */
  signInMember(who: Credentials): void
  /** Fills the installation with the demo: what members and operators see is no longer empty. @throws Error in a brief form, without workers */
  fill(): Promise<void>
  close(): Promise<void>
}

export type Window = { page: Page; untilSettled(): Promise<void>; close(): Promise<void> }

/** Half of what an access token is valid for. */
const sessionMs = 7 * 60_000

/** Of nothing that exists. */
const unknownId = '0199d3c0-0000-7000-8000-000000000000'

/** Runs in a page: leaves the note that a sign-in leaves in its browser. */
export const noteSession = `localStorage.setItem('muster-signed-in', 'true')`

export const viewerOf = ({ path, isPublic }: PageRoute): Viewer =>
  isPublic ? 'visitor' : path.startsWith('/ops') ? 'operator' : 'member'

/** Starts an API that serves the pages, with all workers and an inbox unless the form is brief, and a browser. The member and the operator have nothing yet. */
export async function openSite(stage: Stage): Promise<Site> {
  const folder = await builtPages()
  const port = await freePort()
  // Of the loopback names, the one that browsers take for secure.
  const origin = `http://localhost:${port}`
  const settings = { PORT: String(port), PUBLIC_URL: origin, WEB_ROOT: folder }
  const ends: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const end of ends.toReversed()) await end()
  }
  try {
    const fill = await startInstallation(stage, settings, ends)
    const browser = await launchBrowser()
    ends.push(() => browser.close())
    const operator = await insertUser(stage)
    await stage.db.query(`update users set role = 'super_admin', organization_id = null where id = $1`, [operator.id])
    const people = { member: (await insertUser(stage)) as Credentials, operator: operator as Credentials }
    const sessions = new Map<string, { cookies: Cookie[]; sinceMs: number }>()
    let values: Record<string, string> = {}

    async function cookiesOf(viewer: Viewer): Promise<Cookie[]> {
      if (viewer === 'visitor') return []
      const who = people[viewer]
      const known = sessions.get(who.email)
      if (known && performance.now() - known.sinceMs < sessionMs) return known.cookies
      const cookies = (await signIn(origin, who)).split('; ').map((pair) => {
        const [name = '', ...value] = pair.split('=')
        return { name, value: value.join('='), url: origin }
      })
      sessions.set(who.email, { cookies, sinceMs: performance.now() })
      return cookies
    }

    return {
      ...{ origin, folder, cookiesOf, close },
      addressOf({ path }) {
        const address = path.replace(/\$(\w+)/g, (_, name: string) => values[name] ?? unknownId)
        return ['/accept-invite', '/reset-password'].includes(path) && values.token
          ? `${address}?token=${values.token}`
          : address
      },
      async open(viewer, options) {
        const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
        await context.addCookies(await cookiesOf(viewer))
        if (viewer !== 'visitor') await context.addInitScript(noteSession)
        const page = await context.newPage()
        return { page, untilSettled: watchAnswers(page), close: () => context.close() }
      },
      signInMember(who) {
        people.member = who
      },
      async fill() {
        if (!fill) throw new Error('A brief form has no workers, which filling needs.')
        const { password, token } = await fill(origin, operator)
        people.member = { email: 'owner@demo.example', password }
        values = { token, ...(await valuesOf(stage)) }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Fill = (origin: string, admin: User) => Promise<{ password: string; token: string }>

/** @returns a function that fills the installation; undefined in a brief form, which has no workers */
async function startInstallation(
  stage: Stage,
  settings: Record<string, string>,
  ends: (() => Promise<unknown>)[],
): Promise<Fill | undefined> {
  if (stage.plan.isSmoke) {
    const api = await startApp(stage, 'api', settings)
    ends.push(() => api.stop())
    return undefined
  }
  const [port, smtpPort] = [await freePort(), await freePort()]
  const [home, dir] = [join(stage.home, 'demo'), join(stage.home, 'inbox')]
  for (const folder of [home, dir]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(home)
  const logFile = join(stage.home, 'logs/inbox.log')
  const inbox = await startInbox({ port, smtpPort, logFile, dir, maxMails: 500 })
  stage.reaper.watch({ pid: inbox.pid, kind: 'service', signal: 'SIGTERM' })
  ends.push(() => inbox.stop().then(() => stage.reaper.unwatch(inbox.pid)))
  const mail = { SMTP_URL: `smtp://127.0.0.1:${smtpPort}`, PUBLIC_URL: settings.PUBLIC_URL as string }
  const apps = await startApps(stage, { api: settings, 'email-worker': mail })
  ends.push(() => Promise.all(Object.values(apps).map((app) => app.stop())))
  return async (api, { email }) => {
    const urls = { api, inbox: inbox.url, postgres: stage.databaseUrl }
    await fillDemo({ home, urls, admin: { email, password: benchPassword }, tell: () => {} })
    return { password: readDemoFile(home)?.password ?? '', token: await tokenFrom(inbox.url) }
  }
}

/** Returns the token of an invitation that nobody has accepted. */
async function tokenFrom(inbox: string): Promise<string> {
  const mails = (await (await fetch(`${inbox}/email`)).json()) as { to: { address: string }[]; text: string }[]
  const mail = mails.findLast(({ to }) => to.some(({ address }) => address === 'newcomer@demo.example'))
  return /accept-invite\?token=([\w.-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
}

/** Finds what the addresses of pages name: things of the demo, each with as much as possible to show. */
async function valuesOf({ db }: Stage): Promise<Record<string, string>> {
  const { rows } = await db.query(
    `select owner.id as "userId", owner.organization_id as "organizationId", 'image' as queue,
       (select task_id from attachments where uploader_id = owner.id group by task_id order by count(*) desc limit 1) as "taskId",
       (select chat_id from messages join chat_members using (chat_id) where user_id = owner.id
        group by chat_id order by count(*) desc limit 1) as "chatId",
       (select id from email_messages where status = 'failed' limit 1) as "emailId",
       (select request_id from email_messages where template = 'invite' order by created_at limit 1) as "requestId"
     from users owner where email = 'owner@demo.example'`,
  )
  const found = Object.entries(rows[0] ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(found)
}
