export { createSignals, type Signals } from './create-signals.ts'
export { type BestEffortEvent, bestEffortEvents, type Room, type Signal } from './signal.ts'
export { type Subscription, subscribeSignals } from './subscribe-signals.ts'
export { roomsOfTask, signalTaskChange, type TaskPlace } from './task-signals.ts'
