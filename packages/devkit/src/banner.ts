import { randomBytes } from 'node:crypto'
import type { DemoFile } from './demo-team/demo-file.ts'
import { paint } from './output.ts'
import type { RunFile } from './run-file.ts'

export type BannerOptions = {
  isSignupOpen: boolean
  limitScale: string
  secondsToReady: number
  /** Who can sign in to the demo, in a copy that has one. */
  demo?: DemoFile | undefined
}

/** Formats the banner of `npm start`: the addresses of everything that runs, and commands to try. */
export function banner(run: RunFile, { isSignupOpen, limitScale, secondsToReady, demo }: BannerOptions): string {
  const { urls, processes, admin, home } = run
  const rows: [string, string][] = [
    ...(urls.pages ? [['Pages', urls.pages] satisfies [string, string]] : []),
    ['API', urls.api],
    ...processes
      .filter(({ app, number }) => app === 'api' && number !== 1)
      .map(({ name, port }): [string, string] => [name, `http://localhost:${port}`]),
    ['API reference', urls.docs],
    ...(urls.inbox ? [['Inbox', urls.inbox] satisfies [string, string]] : []),
    ['Postgres', withoutPassword(urls.postgres)],
    ['Redis', withoutPassword(urls.redis)],
    ['SMTP', withoutPassword(urls.smtp)],
    ...processes
      .filter(({ opsPort }) => opsPort)
      .map(({ name, opsPort }): [string, string] => [`${name} health`, `http://127.0.0.1:${opsPort}/readyz`]),
    ['Admin', `${admin.email}, password in ${home}/secrets.json`],
    ['Rate limits', describeLimits(limitScale)],
    ['For scripts', `${home}/run.json`],
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  const table = rows.map(([label, value]) => `  ${paint('bold', label.padEnd(width))}  ${value}`).join('\n')
  return `
${table}
${demo ? describeDemo(demo, urls.pages ?? urls.api) : ''}
Try it:
${(isSignupOpen ? tryIt(urls) : tryInviting(run)).map((line) => `  ${paint('cyan', line)}`).join('\n')}
${isSignupOpen ? `or see the whole main job with ${paint('cyan', 'npm run demo')}` : 'The link is in the mail.'}

${paint('green', `ready in ${secondsToReady.toFixed(1)} s`)}; Ctrl-C stops everything
`
}

/** Tells that the data is made up, and how to sign in to see it. */
const describeDemo = ({ password, people }: DemoFile, url: string) => `
${paint('bold', 'Demo')}: everything in this copy is made up. Sign in at ${url}/login with the password ${paint('bold', password)} as
${people.map(({ name, email }) => `  ${name.padEnd(16)}  ${email}`).join('\n')}
`

const describeLimits = (scale: string) =>
  scale === '1' ? 'those of production' : `${scale} times those of production; RATE_LIMIT_SCALE=1 npm start sets those`

/** Lists shell commands that register a new user and sign in when pasted together. The user differs at every start. */
export function tryIt({ api, inbox }: Pick<RunFile['urls'], 'api' | 'inbox'>): string[] {
  const username = `guest_${randomBytes(3).toString('hex')}`
  const email = `${username}@example.com`
  const post = posting(api)
  const user = JSON.stringify({ username, name: 'Guest', email, password: 'Plenty-of-words-7' })
  const readCode = `$(curl -s '${inbox}/email?to.address=${email}' | grep -oE '>[0-9]{6}<' | tr -d '<>')`
  return [
    'jar=$(mktemp)',
    `${post('/auth/register', '-c $jar')} '${user}'`,
    inbox ? `sleep 2; code=${readCode}` : 'code=123456 # the one in your mail',
    `${post('/auth/register/verify', '-b $jar -c $jar')} '{"email":"${email}","otp":"'$code'"}'`,
    `curl -b $jar ${api}/api/v1/users/me`,
  ]
}

/** Lists shell commands for a copy where registration is by invitation: the administrator signs in and invites a user. */
export function tryInviting({ urls, home }: Pick<RunFile, 'home'> & { urls: { api: string } }): string[] {
  const post = posting(urls.api)
  const name = `guest_${randomBytes(3).toString('hex')}`
  const invitation = JSON.stringify({ email: `${name}@example.com`, role: 'client_admin', organizationName: name })
  return [
    'jar=$(mktemp)',
    `admin=$(node -p 'JSON.stringify(require("${home}/secrets.json").admin)')`,
    `${post('/auth/login', '-c $jar')} "$admin"`,
    `${post('/invites', '-b $jar')} '${invitation}'`,
  ]
}

const posting = (api: string) => (path: string, flags: string) =>
  `curl ${flags} ${api}/api/v1${path} -H 'content-type: application/json' -d`

/** Hides the password, which would stay in the terminal's history; run.json has it. */
function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]+@/, ':…@')
}
