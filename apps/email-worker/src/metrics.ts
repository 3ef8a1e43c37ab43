import { isTemplateName } from '@muster/mail'
import { Counter, Gauge, registry } from '@muster/telemetry'

const mailsTotal = new Counter({
  name: 'muster_mails_total',
  help: 'Outcomes of attempts to send a mail: sent, failed, dropped, or put-off when a retry is scheduled.',
  labelNames: ['template', 'outcome'],
  registers: [registry],
})

/** 1 from when the SMTP server failed several times in a row until it accepts a mail again. */
export const smtpCircuitOpen = new Gauge({
  name: 'muster_smtp_circuit_open',
  help: 'Whether sending is paused because the SMTP server failed several times in a row: 1 or 0.',
  registers: [registry],
})

/** Counts one outcome of an attempt to send a mail. A template of another release counts as unknown, so that it makes no series of its own. */
export function countMail(template: string, outcome: 'sent' | 'failed' | 'dropped' | 'put-off'): void {
  mailsTotal.inc({ template: isTemplateName(template) ? template : 'unknown', outcome })
}
