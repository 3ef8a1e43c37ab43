export {
  type ClockOffset,
  type ClockState,
  type ClockWatch,
  clockLimits,
  isClockBeyond,
  watchClock,
} from './clock-watch.ts'
export { type Dependency, type DependencyState, sharedFor, watchDependency } from './dependency.ts'
export { runProcess } from './lifecycle.ts'
export { findMachineFault, type MachineFault } from './machine-fault.ts'
export { type OpsServer, startOpsServer } from './ops-server.ts'
export { type Outage, trackOutage } from './outage.ts'
export { registerMetric, type Sample } from './own-metric.ts'
export { type Readiness, watchReadiness } from './readiness.ts'
export { reasonOf } from './reason.ts'
export { Counter, Gauge, Histogram, registry } from './registry.ts'
export { answerWithin, scrapedGauges } from './scraped-gauges.ts'
export { type Observe, seriesHistogram } from './series-histogram.ts'
export { runStartChecks, type StartCheck } from './start-checks.ts'
export { assertWritable, folderCheck, lowSpaceBytes, type NeededFolder, readSpace } from './writable-folder.ts'
