import { runPinned } from './bootstrap.mjs'

runPinned('apps/api/src/cli/main.ts', process.argv.slice(2))
