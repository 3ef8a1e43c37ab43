import { keyRingNames, readVariables } from '@muster/config'

const secretNames =
  /(PASSWORD|SECRET|TOKEN|DSN|_KEYS?|CREDENTIALS?)$|^(DATABASE|DATABASE_DIRECT|DATABASE_REPLICA|REDIS|SMTP|CLOUDINARY)_URL$/
const shortest = 4

/**
 * Creates a function that replaces every secret of an environment in a text. No message is meant to contain one: this is the second
 * lock, for what a library or a server may say some day.
 */
export function createRedaction(env: NodeJS.ProcessEnv): (text: string) => string {
  const names = Object.keys(env).map((name) => name.replace(/_FILE$/, ''))
  const { given } = readVariables([...new Set(names.filter((name) => secretNames.test(name)))], env)
  const secrets = Object.entries(given)
    .flatMap(([name, text]) => (text ? secretsIn(name, text) : []))
    .filter((secret) => secret.length >= shortest)
    .sort((one, other) => other.length - one.length)
  return (text) => secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text)
}

/** A URL is told in parts, and only its password is a secret; of a key ring each key is one. */
function secretsIn(name: string, text: string): string[] {
  if ((keyRingNames as readonly string[]).includes(name))
    return text.split(',').map((entry) => entry.split(':')[1]?.trim() ?? entry)
  if (!name.endsWith('_URL')) return [text]
  const [, password] = /^[a-z+]+:\/\/[^/?#]*?:([^@]*)@/i.exec(text) ?? []
  const [, sentinelPassword] = /[?&]sentinel_password=([^&]*)/.exec(text) ?? []
  return [password, sentinelPassword].flatMap((secret) => (secret ? [secret, decoded(secret)] : []))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
