import type { ReactNode } from 'react'
import { slot, When } from './slot.tsx'
import { color } from './style.ts'
import { Panel } from './text.tsx'

/** When something happened to the account, and from where as far as it is known. */
export function Happened() {
  return (
    <Panel>
      <Label>When:</Label> {slot('at', 'dateTime')}
      <When has="device" as="device">
        <br />
        <Label>Device:</Label> {slot('device', 'device')}
      </When>
      <When has="ip">
        <br />
        <Label>IP address:</Label> {slot('ip')}
      </When>
    </Panel>
  )
}

function Label({ children }: { children: ReactNode }) {
  return (
    <span className="muted" style={{ color: color.muted }}>
      {children}
    </span>
  )
}

/** Why the receiver gets a mail that nobody can turn off. */
export const safetyReason = 'You get this mail because it is about the safety of your Muster account.'
