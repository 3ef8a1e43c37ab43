/** The shortest window: Prometheus scrapes at least twice within it. */
const shortestRangeSeconds = 3

/**
 * Shortens the times of alert rules, so that an alert fires within seconds: each `for`, each range (`[5m]`) and each offset becomes this
 * many times shorter. Expressions, labels and thresholds stay as they are: a job must still wait for two minutes.
 */
export function shortenRules(rules: string, factor: number): string {
  const shortened = (text: string, shortest: number) => `${Math.max(shortest, Math.round(secondsOf(text) / factor))}s`
  return rules
    .replace(/^(\s*for: )(\w+)$/gm, (_, before: string, text: string) => before + shortened(text, 1))
    .replace(/\[(\d+\w)\]/g, (_, text: string) => `[${shortened(text, shortestRangeSeconds)}]`)
    .replace(/\boffset (\d+\w)/g, (_, text: string) => `offset ${shortened(text, shortestRangeSeconds)}`)
}

function secondsOf(text: string): number {
  const [, amount, unit] = /^(\d+)([smh])$/.exec(text) ?? []
  if (!amount || !unit) throw new Error(`${text} is no duration of whole seconds, minutes or hours.`)
  return Number(amount) * { s: 1, m: 60, h: 3_600 }[unit as 's' | 'm' | 'h']
}
