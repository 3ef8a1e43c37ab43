export { type Config, readConfig } from '@muster/settings/image-worker'
