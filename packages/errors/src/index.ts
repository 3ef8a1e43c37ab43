export { catalogue, type ErrorCode } from './catalogue.ts'
export { DomainError, type DomainErrorOptions, invalid } from './domain-error.ts'
export {
  type DetailCode,
  type DoneAlready,
  detailCodes,
  detailOf,
  type ErrorDetail,
  type Fault,
  type FaultArguments,
  faultOf,
} from './error-detail.ts'
