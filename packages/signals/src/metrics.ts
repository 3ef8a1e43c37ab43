import { Counter, registry } from '@muster/telemetry'

export const signalsTotal = new Counter({
  name: 'muster_signals_total',
  help: 'Wake-up signals between processes: `sent`, `failed` (Redis did not take them), `received`, `invalid`.',
  labelNames: ['result'],
  registers: [registry],
})
