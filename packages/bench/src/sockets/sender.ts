import { type Child, startChild } from '../child.ts'
import type { Seat } from './open-socket.ts'

/** The session of a sender, and the path of its chat's messages. */
export type SenderSeat = Seat & { path: string }

/** Numbered messages to send at a constant rate, by the seats in turn. */
export type Sending = { seats: SenderSeat[]; perSecond: number; seconds: number; textBytes: number }
/** When the answer arrived, by the number of the message. */
export type Sent = [number: number, answeredAtMs: number]

/** Starts the process that sends, so that it shares no thread with the clients. */
export const startSender = (): Promise<Child<Sending, Sent[]>> =>
  startChild(new URL('./sender-main.ts', import.meta.url))
