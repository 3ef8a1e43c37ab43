import { describe, expect, test } from 'vitest'
import {
  displayEmailAddress,
  emailAddress,
  exactEmailAddress,
  isReservedUsername,
  newUsername,
  username,
} from './index.ts'

/** Characters that some case folding of Unicode maps to an ASCII letter. */
const foldable = ['\u212A', '\u017F', '\u0130', '\u0131', '\uFF2D', '\uFF4D', '\u{1D426}', '\u24C2', '\u1D0D', '\u043C']

describe('an e-mail address', () => {
  test.each([
    ['Mike@Example.COM', 'mike@example.com'],
    [' mike@example.com\n', 'mike@example.com'],
    ['mailto:mm@example.com', 'mm@example.com'],
    [' <ang@example.com> ', 'ang@example.com'],
    ['<MAILTO:ang@example.com>', 'ang@example.com'],
    ["o'neil+tag@example.co.uk", "o'neil+tag@example.co.uk"],
    ['a&b@example.com', 'a&b@example.com'],
    ['x~y@example.com', 'x~y@example.com'],
    ['a/b=c@example.com', 'a/b=c@example.com'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    ['a.b-c_d@sub.a-b.example.museum', 'a.b-c_d@sub.a-b.example.museum'],
    ['ivan@example.XN--P1AI', 'ivan@example.xn--p1ai'],
    ['ivan@пример.рф', 'ivan@xn--e1afmkfd.xn--p1ai'],
    ['ivan@xn--e1afmkfd.xn--p1ai', 'ivan@xn--e1afmkfd.xn--p1ai'],
    ['Jo@MÜNCHEN.de', 'jo@xn--mnchen-3ya.de'],
    ['jo@mu\u0308nchen.de', 'jo@xn--mnchen-3ya.de'],
    ['jo@faß.de', 'jo@xn--fa-hia.de'],
    ['jo@نامه\u200cای.com', 'jo@xn--mgba3gch31f060k.com'],
    ['taro＠例え。テスト', 'taro@xn--r8jz45g.xn--zckzah'],
    ['mike@ｅｘａｍｐｌｅ．com', 'mike@example.com'],
    ['\u200bmi\u00adke@exam\u200bple.com\u2060', 'mike@example.com'],
    [`${'a'.repeat(64)}@${'b'.repeat(63)}.com`, `${'a'.repeat(64)}@${'b'.repeat(63)}.com`],
  ])('%j compares as %j', (given, expected) => expect(emailAddress.parse(given)).toBe(expected))

  test.each(foldable.map((letter) => `${letter}ike@example.com`))(
    '%j is no other mailbox: it is refused before it is lower-cased',
    (given) => expect(emailAddress.safeParse(given).success).toBe(false),
  )

  test.each([
    ['mike', 'is not an e-mail address, such as ada@example.com'],
    ['', 'is not an e-mail address, such as ada@example.com'],
    ['@example.com', 'is not an e-mail address, such as ada@example.com'],
    ['mike@', 'is not an e-mail address, such as ada@example.com'],
    ['"mike b"@example.com', 'has quotes before the @, which are not supported'],
    ['jörg@example.com', 'has a letter or sign before the @ that is not one of a–z, which is not supported'],
    ['mi\u200Dke@example.com', 'has a letter or sign before the @ that is not one of a–z, which is not supported'],
    ['mike\uD800@example.com', 'has a letter or sign before the @ that is not one of a–z, which is not supported'],
    ...['.mike', 'mike.', 'mi..ke', 'mi ke', 'mike\0', 'mi,ke', '<mike', 'mike@home'].map((name) => [
      `${name}@example.com`,
      'has a character or a dot before the @ that an e-mail address cannot have there',
    ]),
    [`${'a'.repeat(65)}@example.com`, 'has more than 64 characters before the @'],
    [`${'a'.repeat(60)}@${'b.'.repeat(96)}com`, 'has more than 254 characters'],
    ...[
      ...['-example.com', 'example-.com', 'exam_ple.com', 'example', 'localhost', 'example..com', '.example.com'],
      ...['example.com.', 'example.c', 'example.123', 'example.1com', 'example.com-', `${'b'.repeat(64)}.com`],
      ...[
        '192.0.2.1',
        '[192.0.2.1]',
        '0x7f.1',
        'example.com>',
        'example.com/x',
        'example／.com',
        'exa mple.com',
        '℀.com',
      ],
      ...['xn--.com', 'xn--a.com', 'example.xn--p1ai-', '\u0301a.com', 'example.com\uD800', `${'ü'.repeat(64)}.com`],
    ].map((domain) => [`mike@${domain}`, 'has no valid domain after the @, such as example.com']),
  ])('%j is refused in words', (given, message) =>
    expect(emailAddress.safeParse(given).error?.issues.map((issue) => issue.message)).toEqual([message]),
  )

  test.each([
    ...[' mike@example.com', 'mike@example.com ', '\uFEFFmike@example.com', 'mike@example.com\n'],
    ...['mike\uFF20example.com', 'mike@example\u3002com', 'mi\u00ADke@example.com', 'mike@exam\u200bple.com'],
    ...foldable
      .flatMap((letter) => [`${letter}ike@example.com`, `mike@mail.${letter}om`])
      .filter(
        // Letters that a registry can have.
        (given) => !/@mail\.[\u0131\u1D0D\u043C]om/.test(given),
      ),
  ])('%j of another system is not mapped into an address', (given) =>
    expect(exactEmailAddress.safeParse(given).success).toBe(false),
  )

  test.each([
    ['Mike@Example.COM', 'mike@example.com'],
    ['jo@münchen.de', 'jo@xn--mnchen-3ya.de'],
    ['jo@XN--MNCHEN-3YA.de', 'jo@xn--mnchen-3ya.de'],
  ])('%j of another system compares as %j', (given, expected) => expect(exactEmailAddress.parse(given)).toBe(expected))

  test.each([
    ['jo@xn--mnchen-3ya.de', 'jo@münchen.de'],
    ['taro@xn--r8jz45g.xn--zckzah', 'taro@例え.テスト'],
    ['mike@example.com', 'mike@example.com'],
    // A Cyrillic а within Latin letters.
    ['mike@xn--pypal-4ve.com', 'mike@xn--pypal-4ve.com'],
  ])('%j is shown as %j, which is the same address', (address, shown) => {
    expect(displayEmailAddress(address)).toBe(shown)
    expect(emailAddress.parse(shown)).toBe(address)
  })
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
