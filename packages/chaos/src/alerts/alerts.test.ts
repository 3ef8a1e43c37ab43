import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, findProgram, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { debianPrograms } from '../faults/standby.ts'
import { writeRecord } from '../report/record.ts'
import { root } from '../system/programs.ts'
import { quickScenarios, type Scenario, scenarios } from './scenarios.ts'
import { shortenRules } from './shorten-rules.ts'
import { openSmallStage, openStage, type SmallStage, type Stage } from './stage.ts'

const prometheus = findProgram('prometheus')
const canRun = prometheus !== undefined && debianPrograms() !== undefined

test.runIf(!canRun)('the tests of alerts need Debian’s packages `prometheus` and `postgresql`', () => {})

test('shortened rules differ in nothing but times', () => {
  const rules = 'for: 10m\nexpr: rate(a[5m]) > 120 and a == a offset 15m\nsummary: for 10m'
  expect(shortenRules(rules, 60)).toBe('for: 10s\nexpr: rate(a[5s]) > 120 and a == a offset 15s\nsummary: for 10m')
})

describe.skipIf(!canRun || isLongForm)('in a real Prometheus with the shipped rules', () => {
  let stage: SmallStage
  beforeAll(async () => {
    stage = await openSmallStage({ prometheus: prometheus as string, factor: 60 })
  }, 120_000)
  afterAll(() => stage?.close())

  test.for(quickScenarios)('$fault: $alerts.0.alertname fires', (scenario) =>
    expectAlerts(stage, scenario, () => scenario.inject(stage)),
  )
})

describe.skipIf(!canRun || !isLongForm)('in a real Prometheus with the shipped rules, in full', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage({ prometheus: prometheus as string, factor: 30 })
  }, 240_000)
  afterAll(() => stage?.close())

  test.for(scenarios)('$fault: $alerts.0.alertname fires', { timeout: 600_000 }, async (scenario, context) => {
    const missing = scenario.needs?.(stage)
    if (missing) return context.skip(`left out: needs ${missing}`)
    await expectAlerts(stage, scenario, () => scenario.inject(stage))
  })

  test('every alert of the rules is fired by a fault', () => {
    const { groups } = parse(readFileSync(join(root, 'docker/monitoring/rules/muster.yml'), 'utf8')) as {
      groups: { rules: { alert: string }[] }[]
    }
    const names = new Set(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)))
    const fired = new Set(scenarios.flatMap(({ alerts }) => alerts.map(({ alertname }) => alertname)))
    expect([...names].filter((name) => !fired.has(name))).toEqual([])
  })

  test('once everything is mended, no alert fires but that of the small disk', { timeout: 300_000 }, async () => {
    await eventually(
      async () => {
        const still = (await stage.prometheus.firing()).map(({ labels }) => labels.alertname)
        expect(still.filter((name) => name !== 'MusterDiskSpaceLow')).toEqual([])
      },
      { timeoutMs: 240_000, intervalMs: 500 },
    )
  })
})

/** Injects a fault, waits until its alerts fire, and mends it. */
async function expectAlerts(
  { prometheus }: Pick<Stage, 'prometheus'>,
  { fault, alerts }: Pick<Scenario, 'fault' | 'alerts'>,
  inject: () => Promise<() => Promise<void>>,
): Promise<void> {
  const startMs = performance.now()
  const mend = await inject()
  try {
    for (const labels of alerts) {
      const { annotations } = await prometheus.waitUntilFiring(labels, 240_000)
      writeRecord({ kind: 'alert', fault, alert: labels.alertname, afterMs: Math.round(performance.now() - startMs) })
      expect(annotations.summary).not.toMatch(/\{\{|<no value>|<error/)
    }
  } finally {
    await mend()
  }
}
