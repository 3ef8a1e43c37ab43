import { type ChildProcess, spawn } from 'node:child_process'
import { inheritedEnv } from '@muster/testing'
import { entryFile } from './programs.ts'

export type CommandRun = { code: number | null; stdout: string; stderr: string }

/** A command of the operator that runs. */
export type RunningCommand = { child: ChildProcess; done: Promise<CommandRun> }

/** Starts a command of the operator, with no other environment. @param file the code of the commands */
export function startMuster(args: readonly string[], env: NodeJS.ProcessEnv, file = entryFile('cli')): RunningCommand {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...inheritedEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  const done = new Promise<CommandRun>((resolve) => child.once('close', (code) => resolve({ code, ...output })))
  return { child, done }
}

/** Runs a command of the operator to its end. */
export const muster = (args: readonly string[], env: NodeJS.ProcessEnv, file?: string): Promise<CommandRun> =>
  startMuster(args, env, file).done
