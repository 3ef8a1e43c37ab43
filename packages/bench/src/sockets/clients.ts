import { type Child, startChild } from '../child.ts'
import type { Seat } from './open-socket.ts'

/** When a message, by the number in its text, reached its first and its last socket, and how many it reached. */
export type Arrival = { number: number; count: number; firstMs: number; lastMs: number }

export type ClientsQuestion =
  /** Opens sockets, and forgets what arrived before. */
  | { open: Seat[] }
  /** Forgets what has arrived. */
  | { forget: true }
  | { arrivals: true }
  | { close: true }

export type ClientsAnswer = {
  open: number
  /** Messages that arrived, all sockets together. */
  total: number
  arrivals: Arrival[]
  /** The latest message with a number, as it arrived. */
  sample: string
}

export type Clients = Child<ClientsQuestion, ClientsAnswer>

/** Starts a process that opens sockets and notes what arrives at them, by the shared clock of the machine. */
export const startClients = (): Promise<Clients> => startChild(new URL('./clients-main.ts', import.meta.url))

/** Marks a text with a number that the clients find. */
export const numbered = (number: number, rest = ''): string => `#${number}# ${rest}`
