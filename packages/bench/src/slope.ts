import { median } from './statistics.ts'

/** The memory of a process when so much was done. */
export type Sample = { done: number; mib: number }

const windows = 10
/** Windows that do not count, because the process still allocates what it needs once. */
const warmWindows = 2

/** Computes the median memory for each tenth of the work. */
export function mediansOf(samples: Sample[], count: number): number[] {
  const windowOf = ({ done }: Sample) => Math.min(windows - 1, Math.floor((done * windows) / count))
  return Array.from({ length: windows }, (_, index) =>
    median(samples.filter((sample) => windowOf(sample) === index).map(({ mib }) => mib)),
  ).filter((mib) => !Number.isNaN(mib))
}

/** Computes the growth in MiB per piece of work, by least squares over the medians without the warm-up windows. */
export function slopeOf(samples: Sample[], count: number): number {
  const values = mediansOf(samples, count).slice(warmWindows)
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0)
  const rise = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0)
  return rise / spread / (count / windows)
}
