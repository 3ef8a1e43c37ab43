import { writeFileSync } from 'node:fs'
import { prometheusRuleFile, readAlertRules, toPrometheusRule } from './prometheus-rule.ts'

writeFileSync(prometheusRuleFile, toPrometheusRule(readAlertRules()))
