export { type Presence, type PresenceRecord, presenceOf } from './record.ts'
export { noteClose, noteRequests, readRecords, renewLeases } from './redis.ts'
