import { runPinned } from './bootstrap.mjs'

runPinned('packages/devkit/src/demo.ts', process.argv.slice(2))
