import { readConstants, writeConstants } from './constants.ts'
import { writeTables } from './docs.ts'
import { estimate } from './model.ts'
import { help, type Options, parseOptions, WrongOptions } from './options.ts'
import { report } from './report.ts'

/** Runs `npm run bench -- scale`. @returns the exit code */
export async function runScale(args: readonly string[]): Promise<number> {
  const options = optionsOf(args)
  if (!options) return 2
  if (options.kind === 'help') console.log(help)
  if (options.kind === 'docs') writeTables()
  if (options.kind === 'measure') await measure(options.isSmoke)
  if (options.kind === 'compute') compute(options)
  return 0
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    return parseOptions(args)
  } catch (error) {
    if (!(error instanceof WrongOptions)) throw error
    for (const message of error.messages) console.error(message)
    return undefined
  }
}

/** Measures the constants, and writes them unless it was only tried. */
async function measure(isSmoke: boolean): Promise<void> {
  const { measureConstants } = await import('./measure/measure.ts')
  const constants = await measureConstants({ isSmoke })
  if (isSmoke) return console.log('Every measurement works; a brief one is not written.')
  writeConstants(constants)
  writeTables()
  console.log('packages/bench/src/scale/constants.json and docs/scale.md are written.')
}

function compute({ workloads, assumptions, isJson }: Extract<Options, { kind: 'compute' }>): void {
  const constants = readConstants()
  const estimates = workloads.map((workload) => estimate(workload, assumptions, constants))
  if (isJson) console.log(JSON.stringify({ assumptions, constants, estimates }, null, 2))
  else console.log(report(estimates, assumptions, constants))
}
