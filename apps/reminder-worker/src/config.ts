export { type Config, readConfig } from '@muster/settings/reminder-worker'
