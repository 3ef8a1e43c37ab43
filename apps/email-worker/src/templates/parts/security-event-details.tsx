import type { ReactNode } from 'react'
import { slot, When, Written } from './slot.tsx'
import { color } from './style.ts'
import { Panel } from './text.tsx'

/** Time of a security event, with device and IP address if they are known. */
export function SecurityEventDetails() {
  return (
    <Panel>
      <Label>When:</Label> {slot('at', 'dateTime')}
      <When has="device" as="device">
        <br />
        <Label>Device:</Label> <Written slot="device" as="device" />
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

/** The reason line of mails about security events, which the recipient cannot turn off. */
export const securityReason = 'You get this mail because it is about the safety of your Muster account.'
