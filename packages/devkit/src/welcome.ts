import { paint } from './output.ts'
import type { RunFile } from './run-file.ts'

/** What stands on the screen once all is ready. */
export function welcome(run: RunFile, secondsToReady: number): string {
  const { urls, processes, admin, home } = run
  const rows: [string, string][] = [
    ['API', urls.api],
    ['API reference', urls.docs],
    ...(urls.inbox ? [['Inbox', urls.inbox] satisfies [string, string]] : []),
    ['Postgres', withoutPassword(urls.postgres)],
    ['Redis', withoutPassword(urls.redis)],
    ['SMTP', withoutPassword(urls.smtp)],
    ...processes
      .filter(({ opsPort }) => opsPort)
      .map(({ name, opsPort }): [string, string] => [`${name} health`, `http://127.0.0.1:${opsPort}/readyz`]),
    ['Admin', `${admin.email}, password in ${home}/secrets.json`],
    ['For scripts', `${home}/run.json`],
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  const table = rows.map(([label, value]) => `  ${paint('bold', label.padEnd(width))}  ${value}`).join('\n')
  return `
${table}

Try it:
  ${paint('cyan', registerCommand(urls.api))}
  then read the code ${urls.inbox ? `at ${urls.inbox}` : 'in your mail'}, or see the whole main job with ${paint('cyan', 'npm run demo')}

${paint('green', `ready in ${secondsToReady.toFixed(1)} s`)}; Ctrl-C stops everything
`
}

function registerCommand(api: string): string {
  const body = JSON.stringify({ username: 'you', name: 'You', email: 'you@example.com', password: 'Plenty-of-words-7' })
  return `curl -i ${api}/api/v1/auth/register -H 'content-type: application/json' -d '${body}'`
}

/** A terminal's history is no place for one; run.json has it. */
function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]+@/, ':…@')
}
