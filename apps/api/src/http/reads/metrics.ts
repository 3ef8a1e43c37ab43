import { Counter, Gauge, registry } from '@muster/telemetry'

export const readsTotal = new Counter({
  name: 'muster_replica_reads_total',
  help: 'Reads that may use the replica, by the server that answered: `primary` has a reason, `replica` has `none`.',
  labelNames: ['server', 'reason'],
  registers: [registry],
})

export const lagSeconds = new Gauge({
  name: 'muster_replica_lag_seconds',
  help: 'How old the data of the replica is at most. Grows while the replica is not there.',
  labelNames: ['dependency'],
  registers: [registry],
})
