import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { StartError } from '../start-error.ts'

/** What the search touches; tests give their own. */
export type Machine = {
  path: string
  isRoot: boolean
  osRelease: string
  /** Where the package that compiles Redis is installed. */
  buildDir: string
  say(line: string): void
  /** @returns whether the command ended with 0 */
  run(command: string, args: string[], env?: Record<string, string>): boolean
}

/** From https://github.com/mhassan1/redis-memory-server: it fetches the source of Redis and compiles it. */
const compilingPackage = 'redis-memory-server@0.17.1'

export function thisMachine(buildDir: string, say: Machine['say']): Machine {
  return {
    path: process.env.PATH ?? '',
    isRoot: process.getuid?.() === 0,
    osRelease: existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
    buildDir,
    say,
    run: (command, args, env) =>
      spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } }).status ===
      0,
  }
}

/**
 * The path of redis-server or valkey-server: from PATH, else installed by apt (Debian or Ubuntu, as root), else by
 * Homebrew, else compiled.
 * @throws with a sentence that says what to do
 */
export function findRedis(machine: Machine): string {
  return (
    onPath(machine) ??
    installWithApt(machine) ??
    installWithHomebrew(machine) ??
    compile(machine) ??
    fail(
      'No Redis was found and none could be installed. Install redis-server or valkey-server (7 or newer) so that it is ' +
        'on PATH, or set REDIS_URL to one that runs.',
    )
  )
}

function onPath({ path }: Pick<Machine, 'path'>, extra: string[] = []): string | undefined {
  const folders = [...path.split(delimiter), ...extra].filter(Boolean)
  for (const name of ['redis-server', 'valkey-server']) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (found) return found
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function installWithApt(machine: Machine): string | undefined {
  const isDebian = /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(machine.osRelease)
  if (!isDebian || !machine.isRoot || !existsOnPath(machine, 'apt-get')) return undefined
  machine.say('No Redis on this machine: installing redis-server with apt-get.')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server']
  const isInstalled =
    machine.run('apt-get', install, env) ||
    (machine.run('apt-get', ['update', '-qq'], env) && machine.run('apt-get', install, env))
  if (!isInstalled) return undefined
  // The package also begins a service on 6379; Muster runs its own.
  if (existsOnPath(machine, 'systemctl')) machine.run('systemctl', ['disable', '--now', '--quiet', 'redis-server'])
  return onPath(machine, ['/usr/bin'])
}

function installWithHomebrew(machine: Machine): string | undefined {
  if (!existsOnPath(machine, 'brew')) return undefined
  machine.say('No Redis on this machine: installing it with Homebrew.')
  if (!machine.run('brew', ['install', '--quiet', 'redis'])) return undefined
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
  const install = ['install', '--prefix', machine.buildDir, '--no-audit', '--no-fund', '--silent', compilingPackage]
  if (!machine.run('npm', install, env)) return undefined
  const script = join(machine.buildDir, 'compile.cjs')
  writeFileSync(
    script,
    `require('redis-memory-server/lib/util/RedisBinary').default.getPath()
      .then((path) => require('node:fs').copyFileSync(path, ${JSON.stringify(program)}))`,
  )
  return machine.run(process.execPath, [script], env) && isExecutable(program) ? program : undefined
}

function existsOnPath({ path }: Pick<Machine, 'path'>, name: string): boolean {
  return path.split(delimiter).some((folder) => folder !== '' && isExecutable(join(folder, name)))
}

function fail(message: string): never {
  throw new StartError(message)
}
