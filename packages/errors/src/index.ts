export { catalogue, type ErrorCode } from './catalogue.ts'
export { DomainError, type DomainErrorOptions, type ErrorDetail } from './domain-error.ts'
