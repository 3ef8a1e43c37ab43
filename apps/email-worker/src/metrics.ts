import { Counter, registry } from '@muster/telemetry'

const mailsTotal = new Counter({
  name: 'muster_mails_total',
  help: 'What became of mails: sent, failed, dropped, or put off to a later try.',
  labelNames: ['template', 'outcome'],
  registers: [registry],
})

export function countMail(template: string, outcome: 'sent' | 'failed' | 'dropped' | 'put-off'): void {
  mailsTotal.inc({ template, outcome })
}
