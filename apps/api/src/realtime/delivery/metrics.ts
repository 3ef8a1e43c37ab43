import { Counter, Gauge, Histogram, registry } from '@muster/telemetry'

const registers = [registry]

export const sequencerLagSeconds = new Histogram({
  name: 'muster_sequencer_lag_seconds',
  help: 'Time from when this instance learned of a change of a chat until it emitted the change to its connections.',
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15],
  registers,
})

export const chatChangesEmitted = new Counter({
  name: 'muster_chat_changes_emitted_total',
  help: 'Changes of chats that this instance emitted to the connections of their members.',
  registers,
})

export const changesFoundByPolls = new Counter({
  name: 'muster_chat_changes_found_by_polls_total',
  help: 'Times a poll found changes of a chat whose signal had not arrived.',
  registers,
})

export const followedChats = new Gauge({
  name: 'muster_followed_chats',
  help: 'Chats of which a member is connected to this instance.',
  registers,
})

export const staleTotal = new Counter({
  name: 'muster_stale_events_total',
  help: 'Times connections were told to fetch again what they may have missed, by cause: `gap` of the signals, `gate`, `lost` by another process.',
  labelNames: ['cause'],
  registers,
})

export const resyncsTotal = new Counter({
  name: 'muster_resyncs_total',
  help: 'Chats, or the notifications, that a client was told to fetch again: `epoch` (restored data), `ahead`, `interrupted` membership, `too-many` changes, `notifications`.',
  labelNames: ['reason'],
  registers,
})
