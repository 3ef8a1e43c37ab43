const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const perSecond = (rate: number) => `${whole.format(rate)}/s`
export const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
export const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
export const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
