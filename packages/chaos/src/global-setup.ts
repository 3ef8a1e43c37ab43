import { currentBundle } from '@muster/launcher/current-bundle'
import type { Entry } from '@muster/launcher/entries'
import type { TestProject } from 'vitest/node'
import { sourceFile } from './system/programs.ts'

/** Runs once per run of vitest with tests of this package, before their first file, and again when a run that watches repeats tests. */
export async function setup(project: TestProject): Promise<void> {
  const providePrograms = async () => {
    const files = Object.entries(await currentBundle()).map(([entry, file]) => [sourceFile(entry as Entry), file])
    process.env.MUSTER_TEST_PROGRAMS = JSON.stringify(Object.fromEntries(files))
  }
  project.onTestsRerun(providePrograms)
  await providePrograms()
}
