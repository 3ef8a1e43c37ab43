export { type Explanation, explainFailure, ServiceFailure } from './explain-failure.ts'
export type { FailureKind } from './failure-kinds.ts'
export { placeOfPostgres, placeOfSmtp } from './places.ts'
export { type ServicePlace, servicesOf } from './service-places.ts'
