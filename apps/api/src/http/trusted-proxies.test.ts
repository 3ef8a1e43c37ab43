import { ConfigError, parseEnv } from '@muster/config'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { trustedProxies } from './trusted-proxies.ts'

const read = (text: string) => parseEnv(z.object({ TRUSTED_PROXIES: trustedProxies() }), { TRUSTED_PROXIES: text })
const faultsOf = (text: string) => {
  try {
    read(text)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

test('addresses, CIDR ranges and named ranges are accepted as trusted proxies', () => {
  const text =
    '127.0.0.1, ::1, 10.0.0.0/8, fd00::/8, ::ffff:10.0.0.1, ::ffff:10.0.0.0/104, loopback, linklocal, uniquelocal'
  expect(faultsOf(text)).toEqual([])
  expect(faultsOf('')).toEqual([])
})

test.each([
  ['true', 'is no IP address, no CIDR range and none of loopback, linklocal, uniquelocal'],
  ['1', 'is no IP address'],
  ['*', 'is no IP address'],
  ['nginx', 'is no IP address'],
  ['10.0.0.1:8080', 'is no IP address'],
  ['[::1]', 'is no IP address'],
  ['10.1', 'is no IP address'],
  ['010.0.0.1', 'is no IP address'],
  ['10.0.0.0/8/8', 'is no IP address'],
  ['fe80::1%eth0', 'has a zone; write the address without it'],
  ['10.0.0.0/33', 'has no prefix length from 1 to 32 after its slash'],
  ['10.0.0.0/255.0.0.0', 'has no prefix length from 1 to 32'],
  ['10.0.0.0/', 'has no prefix length from 1 to 32'],
  ['fd00::/-8', 'has no prefix length from 1 to 128'],
  ['10.1.2.3/8', 'has bits behind its prefix; write 10.0.0.0/8 for the network, or 10.1.2.3 for the one address'],
  [
    '2001:DB8::1/32',
    'has bits behind its prefix; write 2001:db8::/32 for the network, or 2001:db8::1 for the one address',
  ],
  ['0.0.0.0/0', 'trusts everybody; name the addresses of your proxies'],
  ['::/0', 'trusts everybody'],
  ['::ffff:0:0/96', 'trusts everybody'],
])('the trusted proxy %s is refused at start with a suggestion', (text, fault) => {
  expect(faultsOf(`127.0.0.1, ${text}`)).toEqual([expect.stringContaining(`TRUSTED_PROXIES: entry 2 ${fault}`)])
})
