import type { App } from '@muster/launcher/apps'
import { StartError } from '@muster/supervisor'
import { firstOf } from './instances.ts'
import { isPortFree } from './services/ports.ts'
import type { Settings } from './settings.ts'

/** Checks every port that these apps and, if it starts too, the inbox listen on. @throws StartError with each taken port and its variable */
export async function assertPortsFree(settings: Settings, started: readonly App[], hasInbox: boolean): Promise<void> {
  const wanted = [
    ...(started.some(({ name }) => name === 'api')
      ? [{ port: settings.apiPort, use: 'the API', variable: 'PORT' }]
      : []),
    ...(!hasInbox || settings.smtpUrl
      ? []
      : [
          { port: settings.inboxPort, use: 'the inbox', variable: 'INBOX_PORT' },
          { port: settings.smtpPort, use: "the inbox's SMTP", variable: 'SMTP_PORT' },
        ]),
    ...started.map((app) => ({
      port: firstOf(app, settings).opsPort,
      use: `health and metrics of ${app.name}`,
      variable: 'OPS_PORT_BASE',
    })),
  ]
  const sentences: string[] = []
  for (const [index, { port, use, variable }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((other) => other.port === port)
    if (twin) sentences.push(`Port ${port} is set by both ${twin.variable} and ${variable}.`)
    else if (!(await isPortFree(port))) {
      sentences.push(`Port ${port} is taken; Muster needs it for ${use}. Free it, or set ${variable} to move it.`)
    }
  }
  if (sentences.length > 0) throw new StartError(sentences.join('\n'))
}
