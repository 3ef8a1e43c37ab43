import { expect, test } from 'vitest'
import { describeRedis, formatRedisUrl, parseRedisUrl } from './index.ts'

test.for([
  ['redis://h', { topology: { kind: 'standalone', node: { host: 'h', port: 6379 }, db: 0 } }, 'redis://h:6379/0'],
  [
    'rediss://u:p%40ss@[::1]:7000/3?family=6',
    {
      username: 'u',
      password: 'p@ss',
      tls: {},
      family: 6,
      topology: { kind: 'standalone', node: { host: '::1', port: 7000 }, db: 3 },
    },
    'rediss://u:p%40ss@[::1]:7000/3?family=6',
  ],
  [
    'redis+sentinel://:pw@a,b:26380/my%20master/2?sentinel_username=s&sentinel_password=x%2Fy',
    {
      password: 'pw',
      topology: {
        kind: 'sentinel',
        sentinels: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 26380 },
        ],
        master: 'my master',
        db: 2,
        sentinelUsername: 's',
        sentinelPassword: 'x/y',
      },
    },
    'redis+sentinel://:pw@a:26379,b:26380/my%20master/2?sentinel_username=s&sentinel_password=x%2Fy',
  ],
  [
    'rediss+cluster://u:pw@a:1,b:2/0',
    {
      username: 'u',
      password: 'pw',
      tls: {},
      topology: {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
    },
    'rediss+cluster://u:pw@a:1,b:2',
  ],
] as const)('%s is parsed, written again, and described without credentials', ([url, settings, written]) => {
  expect(parseRedisUrl(url)).toEqual(settings)
  expect(formatRedisUrl(parseRedisUrl(url))).toBe(written)
  expect(describeRedis(parseRedisUrl(url))).not.toMatch(/pw|p@ss|x\/y/)
})

test.for([
  ['redis://a:1,b:2', /several hosts.*redis\+sentinel/],
  ['redis://', /host that is none/],
  ['redis://h:99999', /host that is none/],
  ['redis://h/words', /no number of a database/],
  ['redis+cluster://h:1/4', /only database 0/],
  ['redis+sentinel://h:1', /no name of a master/],
  ['redis://h?retries=3', /unknown parameter/],
  ['redis://u:%zz@h', /write % as %25/],
  ['http://h', /redis\+cluster/],
] as const)('%s is refused with what to write', ([url, message]) => {
  expect(() => parseRedisUrl(url)).toThrow(message)
})
