export { runProcess } from './lifecycle.ts'
export { type OpsServer, startOpsServer } from './ops-server.ts'
export { Counter, Gauge, Histogram, registry } from './registry.ts'
export { runStartChecks, type StartCheck } from './start-checks.ts'
