import { timingSafeEqual } from 'node:crypto'
import { currentKey, type KeyRing, keyById } from '@muster/security/key-ring'
import { macOver } from '@muster/security/mac'
import type { NewMessage } from './messages.schema.ts'

export type Content = Pick<NewMessage, 'body' | 'replyToId' | 'attachmentIds' | 'mentions'>

const purpose = 'chat-message'
const separator = 0

/**
 * Computes the HMAC of a message's content as it is sent, which stays when the text is edited or deleted.
 * @returns the id of the key, a zero byte and the HMAC, so that it can be checked after the key was rotated
 */
export function contentMac(ring: KeyRing, content: Content): Buffer {
  const { id, key } = currentKey(ring)
  return Buffer.concat([Buffer.from(id), Buffer.of(separator), macOver(key, partsOf(content))])
}

/** Tells whether a content is the one of which the HMAC was kept; undefined when the ring has lost its key. */
export function isSameContent(ring: KeyRing, kept: Buffer, content: Content): boolean | undefined {
  const end = kept.indexOf(separator)
  const key = keyById(ring, kept.subarray(0, end).toString())
  return key && timingSafeEqual(kept.subarray(end + 1), macOver(key, partsOf(content)))
}

/** The order of mentions means nothing, that of files does. */
const partsOf = ({ body, replyToId, attachmentIds, mentions }: Content) => [
  purpose,
  body ?? '',
  replyToId ?? '',
  attachmentIds.join(),
  mentions.toSorted().join(),
]
