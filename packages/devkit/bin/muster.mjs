import { runPinned } from './bootstrap.mjs'

runPinned('packages/launcher/src/main.ts', process.argv.slice(2))
