// Runs before anything is installed, so it has no dependencies and needs nothing newer than Node 20.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const oldestNode = 20
const pnpm = 'pnpm@12.21.0'
const stampFile = join(root, 'node_modules/.muster-installed')
const pinnedNode = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')

/** Installs missing packages, runs the script under the pinned Node and exits with the script's exit code. */
export function runPinned(script, args, { isSupervisor = false } = {}) {
  requireNode()
  install()
  const home = resolve(root, process.env.MUSTER_HOME || '.muster')
  makePrivate(home)
  // Behind `--`, Node leaves an `--env-file` to the script.
  const child = spawn(pinnedNode, ['--', join(root, script), ...args], {
    cwd: root,
    // The IPC channel closes when this process is killed, which the supervisor notices.
    stdio: isSupervisor ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(home, 'compile-cache'),
    },
  })
  forwardSignals(child)
  child.on('error', (error) => fail(`${pinnedNode} does not start: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

function requireNode() {
  if (Number(process.versions.node.split('.')[0]) >= oldestNode) return
  fail(
    `Muster needs Node ${oldestNode} or newer to begin (it brings the Node that it runs on); this is ${process.version}.`,
  )
}

/** Installs the packages, unless the lockfile and the manifests are unchanged since the last installation. */
function install() {
  const wanted = fingerprint()
  if (existsSync(pinnedNode) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  say(`installing the packages with ${pnpm} (only when they changed) …`)
  const started = Date.now()
  const { status, error } = spawnSync(
    'npx',
    ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      cwd: root,
      stdio: ['inherit', process.stderr, 'inherit'],
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        // Without a terminal pnpm would refuse to replace a node_modules that it does not know.
        CI: process.env.CI ?? 'true',
        // Hides npx's warnings about settings that the outer npm passes on in the environment.
        npm_config_loglevel: 'error',
      },
    },
  )
  if (error) fail(`npx could not be started (${error.message}). It comes with npm; install npm and try again.`)
  if (status !== 0) {
    fail(
      `The installation failed (exit ${status}); what pnpm says stands above. It needs the npm registry: check the network, ` +
        `then try again. If package.json was edited, bring pnpm-lock.yaml up to date with \`npx ${pnpm} install\`.`,
    )
  }
  if (!existsSync(pinnedNode)) fail(`The pinned Node is missing after the installation: ${pinnedNode}`)
  writeFileSync(stampFile, wanted)
  say(`installed in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${pnpm}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests()]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function manifests() {
  const folders = ['apps', 'packages'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  )
  return ['', 'db', ...folders]
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(join(root, file)))
}

function forwardSignals(child) {
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'))
  // A terminal sends Ctrl-C to the child as well.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  // An npm that is killed with SIGKILL passes on no signal, so this process polls for a change of its ancestors.
  if (process.env.npm_lifecycle_event) {
    const ancestors = parents()
    setInterval(() => parents() === ancestors || child.kill('SIGTERM'), 500).unref()
  }
}

/** Returns the parent and, from /proc, its parent: npm starts scripts through a shell, which survives npm. */
function parents() {
  try {
    const [, grandparent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${process.ppid}/status`, 'utf8')) ?? []
    return `${process.ppid} ${grandparent}`
  } catch {
    return String(process.ppid)
  }
}

/** Prints a line in the format of the supervisor, to stderr, so that it does not mix with the output of the script. */
function say(line) {
  console.error(`${'muster'.padEnd(15)} ${line}`)
}

/** Creates the home; an existing one keeps its mode. Root's may be traversed: its Postgres runs as another user. */
function makePrivate(home) {
  mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
