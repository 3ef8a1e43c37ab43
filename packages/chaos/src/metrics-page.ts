import { type AppName, appNames } from './system/apps.ts'

/** A metric as a process defines it at `/metrics/definitions`. */
export type MetricDefinition = { name: string; type: string; help: string; labelNames: readonly string[] }

const head = `# Metrics

Every process serves these at \`/metrics\` on its ops port, and this list with them at \`/metrics/definitions\`, in JSON. [watch.md](watch.md#metrics) tells how to read and to
scrape them. A histogram has the series \`_bucket\` (with the label \`le\`), \`_sum\` and \`_count\`.

This page is generated from five running processes: \`npm test -- --project chaos metric-labels -u\`.
`

const titles: Record<string, string> = {
  muster: 'Muster',
  nodejs: 'Node.js',
  process: 'The operating system',
}

/** Writes `docs/metrics.md`: the metrics of all processes with type, unit, labels and the processes that serve them. */
export function metricsPage(definitions: Record<AppName, readonly MetricDefinition[]>): string {
  const byName = new Map<string, { metric: MetricDefinition; apps: AppName[] }>()
  for (const app of appNames)
    for (const metric of definitions[app]) {
      const known = byName.get(metric.name) ?? { metric, apps: [] }
      byName.set(metric.name, { metric, apps: [...known.apps, app] })
    }
  const sorted = [...byName.values()].sort((a, b) => (a.metric.name < b.metric.name ? -1 : 1))
  const sections = Object.entries(titles).map(([prefix, title]) => {
    const rows = sorted.filter(({ metric }) => metric.name.startsWith(`${prefix}_`)).map(rowOf)
    return `## ${title}\n\n| metric | type | unit | labels | process | |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return [head, ...sections].join('\n')
}

function rowOf({ metric, apps }: { metric: MetricDefinition; apps: readonly AppName[] }): string {
  const { name, type, help, labelNames } = metric
  const labels = labelNames.map((label) => `\`${label}\``).join(', ')
  return `| \`${name}\` | ${type} | ${unitOf(name)} | ${labels} | ${placesOf(apps)} | ${help.replaceAll('|', '\\|')} |`
}

const unitOf = (name: string) =>
  /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1] ?? (/_(info|up|open|broken|held|ready)$/.test(name) ? '' : 'number')

function placesOf(apps: readonly AppName[]): string {
  if (apps.length === appNames.length) return 'all'
  const workers = appNames.filter((name) => name !== 'api')
  if (workers.every((name) => apps.includes(name)) && apps.length === workers.length) return 'workers'
  return apps.join(', ')
}
