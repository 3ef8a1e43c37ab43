import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { availableCores } from './available-cores.ts'

/** Reads the files of another machine. */
const machine = (cores: number, files: Record<string, string>) => ({ cores, read: (path: string) => files[path] })
const v2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup rw,nsdelegate'
const v1 = (root: string) => `35 32 0:31 ${root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct`

test.for<{ name: string; files: Record<string, string>; cores: number }>([
  {
    name: 'a container with cgroups v2',
    files: { '/proc/self/cgroup': '0::/\n', '/proc/self/mountinfo': v2, '/sys/fs/cgroup/cpu.max': '250000 100000\n' },
    cores: 2,
  },
  {
    name: 'a service of systemd, limited by its slice',
    files: {
      '/proc/self/cgroup': '0::/muster.slice/muster@api.service\n',
      '/proc/self/mountinfo': v2,
      '/sys/fs/cgroup/muster.slice/muster@api.service/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/muster.slice/cpu.max': '300000 100000\n',
    },
    cores: 3,
  },
  {
    name: 'a container with cgroups v1, whose mount shows its own group',
    files: {
      '/proc/self/cgroup': '4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n',
      '/proc/self/mountinfo': v1('/docker/ab'),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    cores: 1,
  },
  {
    name: 'a group outside of its mount',
    files: {
      '/proc/self/cgroup': '3:cpu,cpuacct:/docker/ab\n',
      '/proc/self/mountinfo': v1('/docker/other'),
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '400000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    },
    cores: 4,
  },
  {
    name: 'no quota',
    files: {
      '/proc/self/cgroup': '3:cpu:/\n0::/\n',
      '/proc/self/mountinfo': `${v1('/')}\n${v2}`,
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
    },
    cores: 16,
  },
  { name: 'a system without control groups', files: {}, cores: 16 },
])('the cores of $name', ({ files, cores }) => expect(availableCores(machine(16, files))).toBe(cores))

/** A control group of this machine with a quota of half a core; undefined where none can be made. */
function makeGroup(): string | undefined {
  const folder = join('/sys/fs/cgroup/cpu', `muster-test-${process.pid}`)
  try {
    mkdirSync(folder)
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), '50000')
    return folder
  } catch {
    return undefined
  }
}

test('a process in a group with a quota of half a core counts one core', (context) => {
  const group = makeGroup()
  if (!group) return context.skip('needs root and a writable /sys/fs/cgroup/cpu')
  onTestFinished(() => rmdirSync(group))
  const script = `import('${join(import.meta.dirname, 'index.ts')}').then(({ processTuning }) => console.log(processTuning().UV_THREADPOOL_SIZE))`
  const enter = `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`
  const size = execFileSync('sh', ['-c', enter, process.execPath, '-e', script], { encoding: 'utf8' })
  expect(size).toBe('5\n')
})
