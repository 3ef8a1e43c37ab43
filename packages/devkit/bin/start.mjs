import { runPinned } from './bootstrap.mjs'

runPinned('packages/devkit/src/start.ts', process.argv.slice(2), { isSupervisor: true })
