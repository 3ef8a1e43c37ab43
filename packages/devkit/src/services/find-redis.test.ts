import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findRedis, type Machine, thisMachine } from './find-redis.ts'

let folder: string
let commands: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-find-redis-'))
  commands = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('redis-server on PATH comes before valkey-server, and nothing is installed', () => {
  const redis = program('redis-server')
  program('valkey-server')
  program('apt-get')
  expect(findRedis(machine({ isRoot: true }))).toBe(redis)
  expect(commands).toEqual([])
})

test('valkey-server is used where there is no redis-server', () => {
  const valkey = program('valkey-server')
  expect(findRedis(machine())).toBe(valkey)
})

test('as root on Debian, apt installs Redis, after an update where package lists are missing', () => {
  program('apt-get')
  const found = findRedis(
    machine({
      isRoot: true,
      osRelease: 'ID=ubuntu\nID_LIKE=debian\n',
      run: (command, args) => {
        commands.push([command, ...args].join(' '))
        if (commands.length < 3) return args[0] === 'update' ? undefined : 'E: Unable to locate package redis-server'
        program('redis-server')
        return undefined
      },
    }),
  )
  expect(found).toBe(join(folder, 'redis-server'))
  expect(commands.map((command) => command.split(' ')[1])).toEqual(['install', 'update', 'install'])
})

test('apt waits for another installation, also where apt itself has no timeout', () => {
  program('apt-get')
  let waitedMs = 0
  const found = findRedis(
    machine({
      isRoot: true,
      osRelease: 'ID=debian\n',
      wait: (ms) => {
        waitedMs += ms
      },
      run: (_command, args) => {
        expect(args.join(' ')).toContain('-o DPkg::Lock::Timeout=120')
        if (waitedMs < 3_000) return 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)'
        program('redis-server')
        return undefined
      },
    }),
  )
  expect(found).toBe(join(folder, 'redis-server'))
})

test('without root, Homebrew installs Redis and apt is not run', () => {
  program('apt-get')
  program('brew')
  const found = findRedis(
    machine({
      osRelease: 'ID=debian\n',
      run: (command, args) => {
        commands.push([command, ...args].join(' '))
        program('redis-server')
        return undefined
      },
    }),
  )
  expect(found).toBe(join(folder, 'redis-server'))
  expect(commands).toEqual(['brew install --quiet redis'])
})

test('with only a compiler, Redis is compiled once and found again', () => {
  program('cc')
  program('make')
  const buildDir = join(folder, 'build')
  const compiling = machine({
    buildDir,
    run: (command) => {
      commands.push(command)
      program('redis-server', join(buildDir, 'bin'))
      return undefined
    },
  })
  expect(findRedis(compiling)).toBe(join(buildDir, 'bin/redis-server'))
  const needed = commands.length
  expect(findRedis(compiling)).toBe(join(buildDir, 'bin/redis-server'))
  expect(commands).toHaveLength(needed)
})

test('when every attempt fails, each reason is printed in a line and the error has the remedy', () => {
  for (const name of ['apt-get', 'make', 'cc']) program(name)
  const lines: string[] = []
  const offline = machine({
    isRoot: true,
    osRelease: 'ID=debian\n',
    say: (line) => lines.push(line),
    run: (command) => `${command}: getaddrinfo ENOTFOUND`,
  })
  expect(() => findRedis(offline)).toThrow(/Install redis-server or valkey-server .* or set REDIS_URL/)
  expect(lines.filter((line) => line.startsWith('That failed'))).toEqual([
    'That failed: apt-get: getaddrinfo ENOTFOUND',
    'That failed: npm: getaddrinfo ENOTFOUND',
  ])
})

test('a failed command returns only the line with the reason', () => {
  const { run } = thisMachine(folder, () => {})
  const script = `console.error('Warning: slow\\n\\nError: no network\\n    at somewhere'); process.exit(3)`
  expect(run(process.execPath, ['-e', script])).toBe('Error: no network')
  expect(run(process.execPath, ['-e', ''])).toBeUndefined()
  expect(run(join(folder, 'absent'), [])).toContain('ENOENT')
})

function program(name: string, dir = folder): string {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, name)
  writeFileSync(path, '')
  chmodSync(path, 0o755)
  return path
}

function machine(overrides: Partial<Machine> = {}): Machine {
  return {
    path: folder,
    isRoot: false,
    osRelease: '',
    buildDir: join(folder, 'build'),
    say: () => {},
    run: () => 'E: not here',
    wait: () => {},
    ...overrides,
  }
}
