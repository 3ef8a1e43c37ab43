import type { TestProject } from 'vitest/node'
import { ensureBundle } from './system/programs.ts'

/** Runs once per run of vitest with tests of this package, before their first file, and again when a run that watches repeats tests. */
export async function setup(project: TestProject): Promise<void> {
  const providePrograms = async () => {
    process.env.MUSTER_TEST_PROGRAMS = JSON.stringify(await ensureBundle())
  }
  project.onTestsRerun(providePrograms)
  await providePrograms()
}
