import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Reaper } from '@muster/devkit'
import { root } from './programs.ts'

/** The folder that an installation runs from, and a folder that its processes may write to, and no other. */
export type BuiltFolder = {
  path: string
  writable: string
  mebibytes: number
  /** Runs `muster` as `nobody`. All of the file system is read-only for it, except for the writable folder. */
  muster(args: string[], env?: NodeJS.ProcessEnv): MusterProcess
  remove(): Promise<void>
}

export type MusterProcess = {
  child: ChildProcess
  output(): string
  /** Resolves with the exit code when it has ended and its output is read. */
  ended: Promise<number | null>
}

const run = promisify(execFile)
const nobody = 65_534

/** Makes the folder read-only for the command behind it, except for the first argument, and gives up all rights. */
const asNobody = `mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups --no-new-privs "$@"`
const confined = (writable: string, command: string[]) => [
  ...['--mount', '--propagation', 'private', 'sh', '-c', asNobody, writable],
  ...command,
]

/** Tells why no process can be confined on this machine; undefined where it can. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'needs root, to run Muster as nobody on a read-only file system'
  const probe = await mkdtemp(join(tmpdir(), 'muster-probe-'))
  try {
    await run('unshare', confined(probe, [process.execPath, '--version']))
    return undefined
  } catch {
    return 'needs unshare and setpriv, and a Node and a checkout that nobody may read'
  } finally {
    await rm(probe, { recursive: true })
  }
}

/** Builds the bundle and makes the deployed folder, by the scripts that the Dockerfile uses. */
export async function buildFolder(reaper: Reaper): Promise<BuiltFolder> {
  const parent = await mkdtemp(join(tmpdir(), 'muster-built-'))
  await chmod(parent, 0o755)
  const [path, writable] = [join(parent, 'muster'), await mkdtemp(join(parent, 'writable-'))]
  await chown(writable, nobody, nobody)
  const PATH = `${join(root, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env.PATH}`
  for (const [script = '', ...args] of [['bundle.ts'], ['folder.ts', path]]) {
    const file = join(root, 'packages/launcher/src/build', script)
    await run(process.execPath, [file, ...args], { env: { ...process.env, PATH } })
  }
  const { stdout } = await run('du', ['-sm', path])
  return {
    path,
    writable,
    mebibytes: Number.parseInt(stdout, 10),
    muster(args, env = {}) {
      // By its first line, as the link in the image.
      const child = spawn('unshare', confined(writable, [join(path, 'dist/muster.js'), ...args]), {
        cwd: writable,
        env: { PATH, TMPDIR: writable, HOME: '/nonexistent', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      const pid = child.pid as number
      reaper.watch({ pid, kind: 'app', signal: 'SIGKILL' })
      child.stdin.end()
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      const ended = once(child, 'close').then(([code]) => {
        reaper.unwatch(pid)
        return code as number | null
      })
      return { child, output: () => output, ended }
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  }
}
