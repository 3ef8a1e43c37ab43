import { availableParallelism } from 'node:os'
import { hostServices } from '@muster/devkit'
import type { TestRun } from './join-test-services.ts'
import { startTestServices, type TestServices } from './test-services.ts'
import { createTurns } from './turns.ts'

// One run already uses all cores, as far as it has test files. On more than four cores, small runs need not wait.
const maxRuns = Math.max(1, Math.floor(availableParallelism() / 4))
const turns = createTurns(maxRuns)
const dir = process.argv[2] as string
let services: ReturnType<typeof startTestServices> | undefined

await hostServices<TestRun, TestServices | null>({
  dir,
  async admit({ request, say, left }, tellAll) {
    const { needsServices, turn } = request
    if (needsServices) services ??= startTestServices(dir, tellAll)
    const [started] = await Promise.all([
      needsServices ? services : undefined,
      turn && turns.take(turn, left, () => say('waiting until other test runs of this checkout end')),
    ])
    return started?.info ?? null
  },
  async stop() {
    await services?.then(({ stop }) => stop()).catch(() => {})
  },
})
