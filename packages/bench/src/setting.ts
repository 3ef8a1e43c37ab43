/** Reads a setting that the benchmark passed to this process. @throws Error when it is missing */
export function setting(name: `BENCH_${string}` | 'DATABASE_URL' | 'REDIS_URL'): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}
