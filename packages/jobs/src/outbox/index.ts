export { type AuditEvent, auditRow } from './audit-row.ts'
export { readOutboxState } from './outbox-state.ts'
export { createTransact, noPublisher, type Transact, type TransactContext } from './transact.ts'
