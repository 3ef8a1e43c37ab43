import { z } from 'zod'
import { httpUrl, oneOf } from './fields.ts'

/** With or without `parentbased_`, the decision about a whole trace is made where it begins. */
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** The variables of OpenTelemetry, with the names and forms of its specification. Tracing is off without the first. */
export const tracingEnv = () => ({
  /** The collector; spans go to its path `/v1/traces`, as protobuf. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  /** For each request to the collector, e.g. `authorization=Bearer%20…`. */
  OTEL_EXPORTER_OTLP_HEADERS: pairs('header').default({}),
  OTEL_TRACES_SAMPLER: oneOf(samplers).default('parentbased_traceidratio'),
  /** The part of the traces that are recorded. */
  OTEL_TRACES_SAMPLER_ARG: ratio().default(0.1),
  /** The beginning of the names of all processes: `muster` makes `muster-api`. */
  OTEL_SERVICE_NAME: z.string().default('muster'),
  OTEL_RESOURCE_ATTRIBUTES: pairs('name').default({}),
})

type TracingEnv = z.output<z.ZodObject<ReturnType<typeof tracingEnv>>>

/** Converts the variables of {@link tracingEnv} to settings; undefined when tracing is off. */
export function tracingSettings(read: TracingEnv) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler } = read
  if (endpoint === undefined) return undefined
  return {
    url: `${endpoint}/v1/traces`,
    headers: read.OTEL_EXPORTER_OTLP_HEADERS,
    ratio: ratioOf(sampler, read.OTEL_TRACES_SAMPLER_ARG),
    servicePrefix: read.OTEL_SERVICE_NAME,
    resource: read.OTEL_RESOURCE_ATTRIBUTES,
  }
}

export type TracingSettings = NonNullable<ReturnType<typeof tracingSettings>>

function ratioOf(sampler: (typeof samplers)[number], argument: number): number {
  if (sampler.endsWith('ratio')) return argument
  return sampler.endsWith('on') ? 1 : 0
}

function ratio() {
  return z.string().transform((text, ctx) => {
    const value = /^\s*(?:\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= 0 && value <= 1)) ctx.addIssue('is not a number from 0 to 1, such as 0.1')
    return value
  })
}

/** Parses a list `name=value,name=value` whose values are percent-encoded. Its faults contain no value, which may be a secret. */
function pairs(what: string) {
  return z.string().transform((text, ctx): Record<string, string> => {
    const parts = text.split(',').flatMap((part) => (part.trim() ? [part.trim()] : []))
    const entries = parts.map((part) => parsePair(part))
    const isFaulty = (entry: (typeof entries)[number]) => entry === undefined
    if (entries.some(isFaulty))
      ctx.addIssue(
        `write it as ${what}=value,${what}=value, with values percent-encoded (a blank as %20, a comma as %2C); number ${entries.findIndex(isFaulty) + 1} is not`,
      )
    return Object.fromEntries(entries.filter((entry) => entry !== undefined))
  })
}

function parsePair(part: string): [name: string, value: string] | undefined {
  const [, name, value] = /^([\w.-]+)\s*=\s*(.*)$/.exec(part) ?? []
  if (!name || value === undefined) return undefined
  try {
    const decoded = decodeURIComponent(value)
    return /[\r\n\0]/.test(decoded) ? undefined : [name, decoded]
  } catch {
    return undefined
  }
}
