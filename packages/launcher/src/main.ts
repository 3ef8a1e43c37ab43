#!/usr/bin/env -S node --
// Behind `--`, Node leaves an `--env-file` to this script.
import { loadEnvFile } from 'node:process'
import { instanceNamed, portsOf } from './apps.ts'
import { type Entry, entryFile } from './entries.ts'
import { nodeCommand } from './node-command.ts'

/** Runs what the arguments name: a process of Muster, all of them, the migrations, or a command of the operator. */
const [word = '--help', ...rest] = readEnvFile(process.argv.slice(2))

const instance = instanceNamed(word)

if (instance) await become(instance.app.name as Entry, rest, portsOf(instance, process.env))
else if (word === 'all') await become('all', rest)
else if (word === 'ready') (await import('./ready.ts')).reportReadiness(rest)
else if (word === 'migrate') await load('migrate', rest.length > 0 ? rest : ['migrate'])
else await load('cli', [word, ...rest])

/** Replaces this process by that of an app, under the same id, so that signals of the system reach the app itself. */
async function become(entry: Entry, args: string[], ports: Record<string, string> = {}): Promise<void> {
  const { args: nodeArgs, env } = nodeCommand(entry, args, { ...process.env, ...ports })
  if (process.execve) process.execve(process.execPath, [process.execPath, ...nodeArgs], env)
  await load(entry, args)
}

/** Runs a file in this process, with arguments of its own. */
async function load(entry: Entry, args: string[]): Promise<void> {
  process.argv.splice(2, process.argv.length, ...args)
  await import(entryFile(entry).href)
}

/** Reads the file of `--env-file <path>` in front of the command; variables that are set already win. @returns the other arguments */
function readEnvFile(args: string[]): string[] {
  const [, inline] = /^--env-file(?:=(.*))?$/.exec(args[0] ?? '') ?? []
  if (!args[0]?.startsWith('--env-file')) return args
  const path = inline ?? args[1]
  try {
    loadEnvFile(path)
  } catch (error) {
    process.stderr.write(
      `--env-file: ${path ?? 'the path'} cannot be read (${(error as NodeJS.ErrnoException).code}).\n`,
    )
    process.exit(2)
  }
  return args.slice(inline === undefined ? 2 : 1)
}
