export { createSignals, signalChannel } from './create-signals.ts'
export { type Room, type Signal, signal, signalBatch } from './signal.ts'
