export { type Preferences, preferences, usualPreferences, withoutUsual, withUsual } from './preferences.ts'
export { rescheduleDigest } from './reschedule-digest.ts'
