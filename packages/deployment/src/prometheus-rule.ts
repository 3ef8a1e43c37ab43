import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { root } from './render.ts'

const rulesFile = join(root, 'docker/monitoring/rules/muster.yml')

export const prometheusRuleFile = join(root, 'docker/kubernetes/components/monitoring/prometheus-rule.yaml')

export type AlertRule = {
  alert: string
  expr: string
  for?: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

export type AlertRules = { groups: { name: string; rules: AlertRule[] }[] }

/** Reads the alert rules, as Prometheus does. */
export const readAlertRules = (): AlertRules => parse(readFileSync(rulesFile, 'utf8')) as AlertRules

/** Writes the alert rules as the object that the Prometheus operator reads. */
export function toPrometheusRule({ groups }: AlertRules): string {
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'muster' },
    spec: { groups },
  }
  const note =
    '# Made from docker/monitoring/rules/muster.yml by `npx pnpm --filter @muster/deployment run rules:write`.\n'
  return note + stringify(manifest, { lineWidth: 0 })
}
