import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startReaper, waitForExit } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { stringify } from 'yaml'
import { root } from '../system/programs.ts'
import { shortenRules } from './shorten-rules.ts'

export type Alert = { labels: { alertname: string } & Record<string, string>; annotations: Record<string, string> }

/** A Prometheus with the shipped rules, shortened, which scrapes processes of a system every second. */
export type Prometheus = {
  /** Scrapes these processes from now on, as the targets of `prometheus.yml`; ops ports by the name of the process. */
  scrape(targets: readonly Target[]): Promise<void>
  firing(): Promise<Alert[]>
  /** Waits until an alert fires whose labels include these. */
  waitUntilFiring(labels: Alert['labels'], limitMs: number): Promise<Alert>
  stop(): Promise<void>
}

export type Target = { process: string; opsUrl: string }

/** Starts Prometheus on a free port. @param options.factor by which the times of the rules are shorter */
export async function startPrometheus(program: string, { factor }: { factor: number }): Promise<Prometheus> {
  const home = await mkdtemp(join(tmpdir(), 'muster-prometheus-'))
  const reaper = startReaper()
  const targetsFile = join(home, 'targets.json')
  const scrape: Prometheus['scrape'] = (targets) => writeFile(targetsFile, JSON.stringify(targets.map(toTargetGroup)))
  await scrape([])
  const rules = await readFile(join(root, 'docker/monitoring/rules/muster.yml'), 'utf8')
  await writeFile(join(home, 'rules.yml'), shortenRules(rules, factor))
  await writeFile(join(home, 'prometheus.yml'), stringify(configuration(targetsFile)))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    program,
    [
      `--config.file=${join(home, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const pid = child.pid as number
  reaper.watch({ pid, kind: 'service', signal: 'SIGKILL' })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${output}`)
    if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('Prometheus is not ready.')
  })

  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: T }
    return answer.data
  }
  const firing = async () => {
    const { alerts } = await ask<{ alerts: (Alert & { state: string })[] }>('alerts')
    return alerts.filter(({ state }) => state === 'firing')
  }
  return {
    scrape,
    firing,
    waitUntilFiring: (labels, limitMs) =>
      eventually(
        async () => {
          const all = await firing()
          const found = all.find((alert) => hasLabels(alert, labels))
          if (!found) throw new Error(`${JSON.stringify(labels)} does not fire, but ${namesOf(all)}.`)
          return found
        },
        { timeoutMs: limitMs, intervalMs: 200 },
      ),
    async stop() {
      child.kill('SIGTERM')
      await waitForExit(pid, 10_000).catch(() => child.kill('SIGKILL'))
      reaper.dismiss()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Scrapes as `prometheus.yml` does: the label `process`, and the job `muster`. */
const configuration = (targetsFile: string) => ({
  global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
  rule_files: ['rules.yml'],
  scrape_configs: [{ job_name: 'muster', file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }] }],
})

const toTargetGroup = ({ process, opsUrl }: Target) => ({ targets: [new URL(opsUrl).host], labels: { process } })

const hasLabels = ({ labels }: Alert, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

const namesOf = (alerts: Alert[]) => alerts.map(({ labels }) => labels.alertname).join(', ') || 'no other one'
