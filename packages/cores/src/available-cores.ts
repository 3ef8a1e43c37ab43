import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'

type Sources = {
  /** The cores that the process may run on. */
  cores: number
  /** Reads a file; undefined when there is none. */
  read: (path: string) => string | undefined
}

/**
 * Returns how many cores this process can keep busy: those that it may run on, within the CPU quotas of its control groups (cgroups
 * v1 and v2) and all their parents. A quota of one and a half cores counts as one: more threads would only be throttled.
 */
export function availableCores(sources: Sources = thisMachine): number {
  const { cores, read } = sources
  const quotas = hierarchies(read).flatMap(({ mount, path, quotaIn }) => foldersOf(mount, path).map(quotaIn))
  const limits = quotas.filter((quota) => quota !== undefined).map(Math.floor)
  return Math.max(1, Math.min(cores, ...limits))
}

const thisMachine: Sources = {
  cores: availableParallelism(),
  read(path) {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  },
}

/** A tree of control groups that may limit processor time, and the group of this process in it. */
type Hierarchy = { mount: string; path: string; quotaIn: (folder: string) => number | undefined }

function hierarchies(read: Sources['read']): Hierarchy[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return { controllers: controllers.split(','), path }
  })
  return mountsOf(read).flatMap(({ type, root, mount, options }) => {
    const isSecond = type === 'cgroup2'
    if (!isSecond && !(type === 'cgroup' && options.includes('cpu'))) return []
    const group = groups.find(({ controllers }) => controllers.includes(isSecond ? '' : 'cpu'))
    if (!group?.path) return []
    // In a container the mount may show the group itself as its root.
    const path = `/${relative(root, group.path)}`
    return [{ mount, path, quotaIn: isSecond ? quotaOfSecond(read) : quotaOfFirst(read) }]
  })
}

function mountsOf(read: Sources['read']) {
  return (read('/proc/self/mountinfo') ?? '').split('\n').map((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', mount = ''] = before.split(' ')
    const [type = '', , options = ''] = after.split(' ')
    return { root, mount, type, options: options.split(',') }
  })
}

/** `cpu.max` of version 2: microseconds, or `max`, in each period. */
const quotaOfSecond = (read: Sources['read']) => (folder: string) => {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number)
  return quota && period ? quota / period : undefined
}

/** The files of version 1, where -1 means no quota. */
const quotaOfFirst = (read: Sources['read']) => (folder: string) => {
  const quota = Number(read(join(folder, 'cpu.cfs_quota_us')) ?? -1)
  const period = Number(read(join(folder, 'cpu.cfs_period_us')) ?? 0)
  return quota > 0 && period > 0 ? quota / period : undefined
}

/** Lists the folder of a group and those of its parents up to the mount. A group outside of the mount counts as the mount itself. */
function foldersOf(mount: string, path: string): string[] {
  const folders = []
  for (let at = path.includes('..') ? '/' : path; ; at = dirname(at)) {
    folders.push(join(mount, at))
    if (at === '/' || at === '.') return folders
  }
}
