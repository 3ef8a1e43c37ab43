import { describe, expect, test } from 'vitest'
import { emailAddress, exactEmailAddress, isReservedUsername, newUsername, username } from './index.ts'

/** Characters that some case folding of Unicode maps to an ASCII letter. */
const foldable = ['\u212A', '\u017F', '\u0130', '\u0131', '\uFF2D', '\uFF4D', '\u{1D426}', '\u24C2', '\u1D0D', '\u043C']

describe('an e-mail address', () => {
  test.each([
    ['Mike@Example.COM', 'mike@example.com'],
    [' mike@example.com\n', 'mike@example.com'],
    ["o'neil+tag@example.co.uk", "o'neil+tag@example.co.uk"],
  ])('%j compares as %j', (given, expected) => expect(emailAddress.parse(given)).toBe(expected))

  test.each(
    foldable.flatMap((letter) => [`${letter}ike@example.com`, `mike@${letter}ail.com`, `mike@mail.${letter}om`]),
  )('%j is no other address: it is refused before it is lower-cased', (given) =>
    expect(emailAddress.safeParse(given).success).toBe(false),
  )

  test.each([
    'mike\uFF20example.com',
    'mike@example\uFF0Ecom',
    'mike@example\u3002com',
    'mi\u00ADke@example.com',
    'mi\u200Dke@example.com',
    'mike\u0301@example.com',
    'mike\0@example.com',
    'mike\uD800@example.com',
    `${'a'.repeat(250)}@example.com`,
    '',
  ])('%j is refused', (given) => expect(emailAddress.safeParse(given).success).toBe(false))

  test.each([' mike@example.com', 'mike@example.com ', '\uFEFFmike@example.com', 'mike@example.com\n'])(
    '%j of another system is not trimmed into an address',
    (given) => expect(exactEmailAddress.safeParse(given).success).toBe(false),
  )
})

describe('a username', () => {
  test('is compared in lower case, without spaces around it', () => {
    expect(username.parse(' Mike_7 ')).toBe('mike_7')
  })

  test.each([...foldable.map((letter) => `${letter}ike`), 'mi', 'm'.repeat(31), 'mike.b', 'mi ke', 'mike\0', ''])(
    '%j is refused',
    (given) => expect(username.safeParse(given).success).toBe(false),
  )

  test.each([
    ...[
      'admin',
      'Administrator',
      'root',
      'support',
      'help',
      'security',
      'muster',
      'system',
      'null',
      'undefined',
      'api',
    ],
    ...['www', 'mail', 'postmaster', 'abuse', 'no_reply', 'everyone', 'here', 'channel', 'all', 'deleted', 'none'],
    ...['former_member', 'super_admin', 'client_admin', 'operator', 'moderator', 'webmaster', 'hostmaster'],
    ...['_admin', 'ad_min', 'a_d_m_i_n', 'admin_', '__root__', 'm_e', 'adm1n', '4dm1n', 'r00t', '5upp0rt', 'nu11'],
    ...['admin1', 'admin_2026', 'support24', 'adm1n99', 'muster_1', 'he1p', 'sy5tem', 'deleted_person'],
    ...['muster_support', 'support_muster', 'MusterAdmin', 'admin_team', 'the_admin', 'the_real_muster', 'it_support'],
    ...[
      'security_team',
      'muster_bot_2',
      'adrnin',
      'rnuster',
      'rnu5ter_team',
      'client_user',
      '__proto__',
      'constructor',
    ],
  ])('%s is reserved', (name) => expect(newUsername.safeParse(name).success).toBe(false))

  test.each([
    ...[
      'mike',
      'adminton',
      'rooted',
      'mustermann',
      'helpful_henry',
      'maria_admin',
      'me2',
      'all4one',
      'nulla',
      'herent',
    ],
    ...['allan', 'supporter', 'mailine', 'teamster', 'user_k3x9', 'guest_1a2b3c', 'demo_one', 'person1', '123', '___'],
    ...['the_rooster', 'real_mike', 'rnike', 'teamplayer', 'newsomer', 'our_it', 'youyou', 'nannan', 'marnie'],
  ])('%s is not reserved', (name) => {
    expect(newUsername.safeParse(name).success).toBe(true)
    expect(isReservedUsername(name)).toBe(false)
  })
})
