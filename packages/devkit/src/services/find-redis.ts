import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, isExecutable } from '@muster/programs'
import { StartError } from '@muster/supervisor'

/** The parts of a machine that {@link findRedis} uses; tests pass their own. */
export type Machine = {
  path: string
  isRoot: boolean
  osRelease: string
  /** The folder for the package that compiles Redis. */
  buildDir: string
  say(line: string): void
  /** Runs a command. @returns undefined when it succeeds, else the line of its output with the reason */
  run(command: string, args: string[], env?: Record<string, string>): string | undefined
  wait(ms: number): void
}

/** How long apt waits for another package installation. */
const aptLockSeconds = 120

/** Downloads and compiles the source of Redis, see https://github.com/mhassan1/redis-memory-server. */
const compilingPackage = 'redis-memory-server@0.17.1'

/** Compilers print many warnings. */
const maxOutputBytes = 64 * 1024 * 1024

/** Describes the machine that this process runs on. */
export function thisMachine(buildDir: string, say: Machine['say']): Machine {
  return {
    path: process.env.PATH ?? '',
    isRoot: process.getuid?.() === 0,
    osRelease: existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
    buildDir,
    say,
    run: (command, args, env) => {
      const { status, error, stderr } = spawnSync(command, args, {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        env: { ...process.env, ...env },
        maxBuffer: maxOutputBytes,
      })
      return status === 0 ? undefined : (error?.message ?? reasonIn(stderr))
    },
    wait: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  }
}

function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /^E: |error/i.test(line)) ?? lines.at(-1) ?? 'it was killed'
}

/**
 * Finds redis-server or valkey-server on PATH, or else installs it: with apt (Debian or Ubuntu, as root), with Homebrew, or by
 * compiling it.
 * @returns the path of the program
 * @throws StartError with the remedy
 */
export function findRedis(machine: Machine): string {
  return (
    onPath(machine) ??
    installWithApt(machine) ??
    installWithHomebrew(machine) ??
    compile(machine) ??
    fail(
      'No Redis was found and none could be installed. Install redis-server or valkey-server (7 or newer) so that it is ' +
        'on PATH, or set REDIS_URL to a running one.',
    )
  )
}

function onPath({ path }: Pick<Machine, 'path'>, folders: string[] = []): string | undefined {
  return findProgram('redis-server', { path, folders }) ?? findProgram('valkey-server', { path, folders })
}

function installWithApt(machine: Machine): string | undefined {
  const isDebian = /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(machine.osRelease)
  if (!isDebian || !machine.isRoot || !existsOnPath(machine, 'apt-get')) return undefined
  machine.say(
    `No Redis on this machine: installing redis-server with apt-get (waits up to ${aptLockSeconds} s for other installations).`,
  )
  if (hasFailed(machine, aptInstall(machine) && (aptUpdate(machine) ?? aptInstall(machine)))) return undefined
  // The package also starts a service on port 6379, which Muster does not use.
  if (existsOnPath(machine, 'systemctl')) machine.run('systemctl', ['disable', '--now', '--quiet', 'redis-server'])
  return onPath(machine, ['/usr/bin'])
}

function aptInstall(machine: Machine): string | undefined {
  return apt(machine, ['install', '-y', '--no-install-recommends', 'redis-server'])
}

/** Updates the package lists. apt has no timeout for their lock, so this waits for it. */
function aptUpdate(machine: Machine): string | undefined {
  for (let second = 0; ; second++) {
    const failure = apt(machine, ['update'])
    if (!failure?.includes('Could not get lock') || second === aptLockSeconds) return failure
    machine.wait(1_000)
  }
}

function apt(machine: Machine, args: string[]): string | undefined {
  const options = ['-qq', '-o', `DPkg::Lock::Timeout=${aptLockSeconds}`]
  return machine.run('apt-get', [...args, ...options], { DEBIAN_FRONTEND: 'noninteractive' })
}

function installWithHomebrew(machine: Machine): string | undefined {
  if (!existsOnPath(machine, 'brew')) return undefined
  machine.say('No Redis on this machine: installing it with Homebrew.')
  if (hasFailed(machine, machine.run('brew', ['install', '--quiet', 'redis']))) return undefined
  return onPath(machine, ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'])
}

function compile(machine: Machine): string | undefined {
  const program = join(machine.buildDir, 'bin/redis-server')
  if (isExecutable(program)) return program
  if (!existsOnPath(machine, 'make') || !(existsOnPath(machine, 'cc') || existsOnPath(machine, 'gcc'))) return undefined
  machine.say('No Redis on this machine: compiling it, which takes a few minutes once.')
  mkdirSync(join(machine.buildDir, 'bin'), { recursive: true })
  writeFileSync(join(machine.buildDir, 'package.json'), '{ "private": true }')
  const env = { REDISMS_DOWNLOAD_DIR: join(machine.buildDir, 'download'), REDISMS_DISABLE_POSTINSTALL: '1' }
  const install = ['install', '--prefix', machine.buildDir, '--no-audit', '--no-fund', '--loglevel=error']
  if (hasFailed(machine, machine.run('npm', [...install, compilingPackage], env))) return undefined
  const script = join(machine.buildDir, 'compile.cjs')
  writeFileSync(
    script,
    `require('redis-memory-server/lib/util/RedisBinary').default.getPath()
      .then((path) => require('node:fs').copyFileSync(path, ${JSON.stringify(program)}))
      .catch(({ message }) => {
        console.error('Error:', message)
        process.exitCode = 1
      })`,
  )
  if (hasFailed(machine, machine.run(process.execPath, [script], env))) return undefined
  return isExecutable(program) ? program : undefined
}

function hasFailed(machine: Machine, failure: string | undefined): boolean {
  if (failure !== undefined) machine.say(`That failed: ${failure}`)
  return failure !== undefined
}

function existsOnPath({ path }: Pick<Machine, 'path'>, name: string): boolean {
  return findProgram(name, { path }) !== undefined
}

function fail(message: string): never {
  throw new StartError(message)
}
