import type { Bindings, ChildLoggerOptions, Logger, LoggerOptions } from 'pino'

const component = Symbol('component')
type Named = Logger & { [component]?: string }
type Child = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Named

/** The component of lines that name none: the process itself. */
const ofProcess = 'process'

/**
 * Creates a logger whose children keep their component beside their bindings: pino writes bindings one after another, so that the component
 * of a child of a child, or of a line's own fields, would be a second key of the same name.
 */
export function nameComponents(settings: LoggerOptions, create: (settings: LoggerOptions) => Logger): Logger {
  const logger: Named = create({
    ...settings,
    mixin: (fields, level, own) => ({
      ...settings.mixin?.(fields, level, own),
      component: (own as unknown as Named)[component] ?? ofProcess,
    }),
  })
  const child = logger.child as unknown as Child
  // pino's children inherit from their parent, and so do their components.
  const named: Child = function ({ component: name, ...bindings }, options) {
    const made = child.call(this, bindings, options)
    if (typeof name === 'string') made[component] = name
    return made
  }
  logger.child = named as unknown as typeof logger.child
  return logger
}
