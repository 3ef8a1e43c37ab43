import { randomBytes } from 'node:crypto'

const text = 1
const close = 8
const twoBytes = 126
const eightBytes = 127

/** Creates a reader of a server's WebSocket frames (RFC 6455), which calls `onText` with the bytes of each text message. */
export function frameReader(onText: (message: Buffer) => void, onClose: () => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      const frame = frameIn(data)
      if (!frame) break
      if (frame.type === text) onText(data.subarray(frame.start, frame.end))
      if (frame.type === close) onClose()
      data = data.subarray(frame.end)
    }
    rest = data
  }
}

/** Finds the first frame; undefined while it is not complete. */
function frameIn(data: Buffer): { type: number; start: number; end: number } | undefined {
  const [first, second] = data
  if (first === undefined || second === undefined) return undefined
  const headerBytes = second === twoBytes ? 4 : second === eightBytes ? 10 : 2
  if (data.length < headerBytes) return undefined
  const length =
    second === twoBytes ? data.readUInt16BE(2) : second === eightBytes ? Number(data.readBigUInt64BE(2)) : second
  const end = headerBytes + length
  return data.length < end ? undefined : { type: first & 0x0f, start: headerBytes, end }
}

/** Encodes a text message as a client must: masked. */
export function maskedFrame(message: string): Buffer {
  const payload = Buffer.from(message)
  const mask = randomBytes(4)
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] as number)
  const header =
    payload.length < twoBytes
      ? Buffer.from([0x80 | text, 0x80 | payload.length])
      : Buffer.from([0x80 | text, 0x80 | twoBytes, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([header, mask, payload])
}
