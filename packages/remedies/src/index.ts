export { explainDatabaseError } from './database-failure.ts'
export { type Explanation, explainFailure, ServiceFailure } from './explain-failure.ts'
export type { FailureKind } from './failure-kinds.ts'
export { type ServicePlace, servicesOf } from './service-places.ts'
