export { type Config, readConfig, type Sender } from '@muster/settings/email-worker'
