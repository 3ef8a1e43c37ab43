import { eventOf } from '@muster/logger'
import type { LogLine } from './read-log-lines.ts'

const head = `# Log lines

Each process writes JSON lines to standard output. Every line has \`time\`, \`level\`, \`name\` (the process), \`component\` (the part that logs, \`process\` by default), \`event\` and \`msg\`;
what varies stands in further fields. An event is the beginning of its message, and neither changes without a line in the changelog. Search by them:

\`\`\`sh
docker compose logs --no-log-prefix | jq -c 'select(.event == "mail-rejected-permanently")'
docker compose logs --no-log-prefix email-worker | jq -c 'select(.component == "smtp" and .level != "info")'
\`\`\`

\`requestId\` names the request that caused a line, in every process; \`jobId\` and \`job\` the job; \`err\` has an error with its stack. \`reason\` is a code of [watch.md](watch.md#health).

Faults inside of Fastify have its own messages, with the component \`http\`.

This page is generated from the sources: \`npm test -- --project structure logs-page -u\`.
`

/** A line that Fastify writes, with the text that the API gives it. */
const listening: LogLine = {
  file: 'apps/api/src/main.ts',
  line: 0,
  level: 'info',
  messages: ['listening, at <address>'],
  component: 'http',
  hasEventField: false,
}

type Entry = { component: string; event: string; level: string; message: string; process: string }

/** Writes \`docs/logs.md\`: every event by component, with its level, its message and the processes that log it. */
export function logsPage(lines: readonly LogLine[]): string {
  const entries = [...lines, listening].flatMap((line) => line.messages.map((message) => entryOf(line, message)))
  const components = Map.groupBy(entries, ({ component }) => component)
  const sections = [...components]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([component, own]) => {
      const rows = [...mergeProcesses(own)].sort()
      return `## ${component}\n\n| event | level | process | message |\n|---|---|---|---|\n${rows.join('\n')}\n`
    })
  return [head, ...sections].join('\n')
}

const entryOf = ({ file, level, component = '' }: LogLine, message: string): Entry => ({
  component,
  event: eventOf(message),
  level,
  message,
  process: processOf(file),
})

/** Returns the process whose app has the file. What a package logs, any process may log. */
function processOf(file: string): string {
  if (file.startsWith('packages/launcher/')) return '`muster all`'
  return /^apps\/([^/]+)\//.exec(file)?.[1] ?? 'any'
}

/** Returns the rows of the table; a message that several files log has one. */
function mergeProcesses(entries: readonly Entry[]): string[] {
  const rows = Map.groupBy(entries, ({ event, level, message }) => `${event} ${level} ${message}`)
  return [...rows.values()].map((same) => {
    const [{ event, level, message } = {} as Entry] = same
    const processes = [...new Set(same.map(({ process }) => process))].sort().join(', ')
    return `| \`${event}\` | ${level} | ${processes} | ${message} |`
  })
}
