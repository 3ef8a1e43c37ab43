import { runPinned } from './bootstrap.mjs'

const vitest = 'node_modules/vitest/vitest.mjs'
runPinned(vitest, ['run', '--config', 'vitest.workspace.ts', ...process.argv.slice(2)])
