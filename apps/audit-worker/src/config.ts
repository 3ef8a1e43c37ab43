export { type Config, type Retention, readConfig } from '@muster/settings/audit-worker'
