import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from '@muster/devkit'
import type { TestProject } from 'vitest/node'
import { joinTestServices } from './services/join-test-services.ts'

/** Runs once per run of vitest, before its first test file: waits for this run's turn, and for the services if its tests need them. */
export async function setup({ vitest }: TestProject): Promise<() => Promise<void>> {
  const { projects, config } = vitest
  const needsMachine = projects.some(({ name }) => name === 'chaos')
  try {
    const { leave } = await joinTestServices({
      needsServices: projects.some(({ config: { root } }) => needsServices(root)),
      ...(config.watch ? {} : { turn: needsMachine ? 'all' : 1 }),
    })
    return leave
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    // If it were thrown, the message would be lost among vitest's messages about skipped files.
    console.error(error.message)
    process.exit(1)
  }
}

/** The tests of a package get databases only from this package, so its package.json tells. */
function needsServices(folder: string): boolean {
  const { name, dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return [name, ...Object.keys({ ...dependencies, ...devDependencies })].includes('@muster/testing')
}
