export { type Preferences, preferences, withoutUsual, withUsual } from './preferences.ts'
export { rescheduleDigest } from './reschedule-digest.ts'
