import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { findProgram } from '@muster/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { prometheusRuleFile, readAlertRules, toPrometheusRule } from './prometheus-rule.ts'
import { hasKubectl, type Manifest, root } from './render.ts'
import { familyOf, groupedLabels, metricsOf } from './used-metrics.ts'
import { validate } from './validate.ts'

const monitoring = join(root, 'docker/monitoring')
const promtool = findProgram('promtool')
const temporary: string[] = []
const temporaryFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-monitoring-'))
  temporary.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of temporary) rmSync(folder, { recursive: true })
})

const alerts = readAlertRules().groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(readFileSync(join(monitoring, 'grafana/dashboards/muster.json'), 'utf8')) as {
  panels: { type: string; title: string; description?: string; targets?: { expr: string }[]; gridPos: Position }[]
  annotations: { list: { expr: string }[] }
}
type Position = { x: number; y: number; w: number; h: number }
const panelExpressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
)
const expressions = [
  ...alerts.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panelExpressions,
  ...dashboard.annotations.list.map(({ expr }) => ({ where: 'an annotation', expr })),
]

test.runIf(!promtool)('the rules of Prometheus need `promtool`: install the package `prometheus`', () => {})

describe.skipIf(!promtool)('with promtool', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool as string, args, { encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  test('every alert fires and stays quiet as its unit tests tell', () => {
    const tested = join(monitoring, 'rules/muster.test.yml')
    expect(run('test', 'rules', tested)).toMatchObject({ status: 0 })
    const names = readFileSync(tested, 'utf8')
    expect(alerts.map(({ alert }) => alert).filter((alert) => !names.includes(`alertname: ${alert}\n`))).toEqual([])
  })

  test('a changed threshold fails the unit tests of the rules', () => {
    const folder = temporaryFolder()
    const read = (name: string) => readFileSync(join(monitoring, 'rules', name), 'utf8')
    writeFileSync(join(folder, 'muster.yml'), read('muster.yml').replace('> 0.02', '> 0.2'))
    const { tests, ...settings } = parse(read('muster.test.yml')) as { tests: { name?: string }[] }
    const [ofErrors] = tests.filter(({ name }) => name?.startsWith('a share of failed requests'))
    writeFileSync(join(folder, 'tests.yml'), JSON.stringify({ ...settings, tests: [ofErrors] }))
    expect(run('test', 'rules', join(folder, 'tests.yml'))).toMatchObject({
      status: 1,
      output: expect.stringContaining('MusterErrorsHigh'),
    })
  })

  test.each(['prometheus.yml', 'examples/systemd.yml', 'examples/all.yml', 'examples/kubernetes.yml'])(
    'promtool finds no mistake in %s',
    (name) => {
      const folder = temporaryFolder()
      cpSync(monitoring, folder, { recursive: true })
      const path = join(folder, name)
      // Debian's Prometheus is built without Kubernetes.
      const text = readFileSync(path, 'utf8').replace(
        /kubernetes_sd_configs:\n.*\n/,
        "static_configs: [{ targets: ['a:1'] }]\n",
      )
      writeFileSync(path, text)
      expect(run('check', 'config', path)).toMatchObject({ status: 0 })
    },
  )

  test('Prometheus can parse every expression of the dashboard', () => {
    const rules = panelExpressions.map(({ expr }, index) => ({
      record: `panel_${index}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$process', '.*'),
    }))
    const file = join(temporaryFolder(), 'panels.yml')
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }))
    expect(run('check', 'rules', file)).toMatchObject({ status: 0 })
  })
})

test('each alert has a severity, a summary that names its subject, and a runbook section', () => {
  const sections = [...readFileSync(join(root, 'docs/runbooks.md'), 'utf8').matchAll(/^### (\w+)$/gm)].map(
    ([, name = '']) => name,
  )
  for (const { alert, labels, annotations, expr } of alerts) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)])
    expect([alert, annotations]).toEqual([
      alert,
      { summary: expect.stringMatching(/\.$/), runbook_url: `docs/runbooks.md#${alert.toLowerCase()}` },
    ])
    expect([alert, expr]).toEqual([alert, expect.stringContaining('job="muster"')])
  }
  expect(sections.sort()).toEqual([...new Set(alerts.map(({ alert }) => alert))].sort())
})

test('the dashboard has the rows of an operator, panels that do not overlap, and a link to each runbook', () => {
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)
  expect(rows).toEqual(['Now', 'Requests', 'Jobs & outbox', 'Mails', 'Audit', 'Realtime', 'Resources'])
  const placed = dashboard.panels.map(({ title, gridPos }) => ({ title, ...gridPos }))
  const overlapping = placed.flatMap((one, index) =>
    placed
      .slice(index + 1)
      .filter(
        (other) =>
          one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h,
      )
      .map((other) => `${one.title}, ${other.title}`),
  )
  expect(overlapping).toEqual([])
  expect(dashboard.panels.filter(({ type, description }) => !['row', 'text'].includes(type) && !description)).toEqual(
    [],
  )
  const text = JSON.stringify(dashboard)
  expect(alerts.filter(({ alert }) => !text.includes(`#${alert.toLowerCase()})`))).toEqual([])
})

test('every metric of the rules and the dashboard is in docs/metrics.md, with the labels that they use', () => {
  const known = new Map(
    [...readFileSync(join(root, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(\w+)` \|(.*)$/gm)].map(([, name, rest]) => [
      name,
      rest ?? '',
    ]),
  )
  expect(known.size).toBeGreaterThan(40)
  const rowOf = (name: string) => known.get(name) ?? known.get(familyOf(name))
  const faults = expressions.flatMap(({ where, expr }) => {
    const used = metricsOf(expr)
    const unknown = used.filter(({ name }) => rowOf(name) === undefined).map(({ name }) => `${where}: ${name}`)
    const wrongLabels = used.flatMap(({ name, labels }) =>
      labels
        .filter((label) => rowOf(name) !== undefined && !new RegExp(`\\b${label}\\b`).test(rowOf(name) ?? ''))
        .map((label) => `${where}: ${name}{${label}}`),
    )
    const all = used.map(({ name }) => rowOf(name) ?? '').join(' ')
    const groups = groupedLabels(expr)
      .filter((label) => !new RegExp(`\\b${label}\\b`).test(all))
      .map((label) => `${where}: by (${label})`)
    return [...unknown, ...wrongLabels, ...groups]
  })
  expect(faults).toEqual([])
  expect(metricsOf('rate(muster_a_total{job="muster", x=~"(y).*"}[5m])')).toEqual([
    { name: 'muster_a_total', labels: ['x'] },
  ])
})

test('compose mounts files that exist, and Prometheus finds each service and port of Muster', () => {
  const { services } = parse(readFileSync(join(root, 'docker/compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, { profiles?: string[]; volumes?: string[]; healthcheck?: { test: string[] } }>
  }
  const watching = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('monitoring'))
  expect(watching.map(([name]) => name).sort()).toEqual(['alertmanager', 'grafana', 'prometheus'])
  const mounted = watching.flatMap(([, { volumes = [] }]) => volumes).filter((volume) => volume.startsWith('./'))
  for (const volume of mounted) execFileSync('test', ['-e', join(root, 'docker', volume.split(':')[0] ?? '')])
  const config = parse(readFileSync(join(monitoring, 'prometheus.yml'), 'utf8')) as {
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
    scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[]
  }
  const scraped = config.scrape_configs[0]?.dns_sd_configs.map(({ names, port }) => [names[0], String(port)])
  const health = Object.entries(services)
    .filter(([, { healthcheck }]) => healthcheck?.test.includes('muster'))
    .map(([name, { healthcheck }]) => [name, healthcheck?.test.at(-1)])
  expect(scraped).toEqual(health)
  expect(config.alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual(['alertmanager:9093'])
})

test('what the Prometheus operator reads is made from the same rules', () => {
  expect(readFileSync(prometheusRuleFile, 'utf8')).toBe(toPrometheusRule(readAlertRules()))
})

test.skipIf(!hasKubectl)('the Kubernetes component of monitoring selects the pods, and fits its schemas', async () => {
  const folder = temporaryFolder()
  const from = (path: string) => relative(folder, join(root, 'docker/kubernetes', path))
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    JSON.stringify({
      resources: [from('overlays/production')],
      components: [from('components/monitoring')],
      namespace: 'muster',
    }),
  )
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  })
  expect([status, stderr]).toEqual([0, ''])
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)
  const one = (kind: string, name = 'muster') =>
    objects.find((object) => object.kind === kind && object.metadata.name === name)
  const [monitor, rule, config] = [one('PodMonitor'), one('PrometheusRule'), one('ConfigMap', 'muster-dashboard')]
  for (const object of [monitor, rule, config]) {
    expect(object?.metadata.namespace).toBe('muster')
    await validate(object as Manifest)
  }
  expect(config?.metadata.labels).toMatchObject({ grafana_dashboard: '1' })
  expect(JSON.parse(config?.data['muster.json'])).toEqual(dashboard)
  const pods = objects.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.template)
  expect(pods.length).toBe(5)
  for (const { metadata, spec } of pods) {
    expect(metadata.labels).toMatchObject(monitor?.spec.selector.matchLabels)
    expect(metadata.labels[monitor?.spec.jobLabel]).toBe('muster')
    expect(spec.containers[0].ports.map(({ name }: { name: string }) => name)).toContain(
      monitor?.spec.podMetricsEndpoints[0].port,
    )
  }
})
