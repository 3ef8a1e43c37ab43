import { slot, When } from './slot.tsx'
import { Panel } from './text.tsx'

/** When something happened to the account, and from where as far as it is known. */
export function Happened() {
  return (
    <Panel>
      When: {slot('at', 'dateTime')}
      <When has="device" as="device">
        <br />
        Device: {slot('device', 'device')}
      </When>
      <When has="ip">
        <br />
        IP address: {slot('ip')}
      </When>
    </Panel>
  )
}

/** Why the receiver gets a mail that nobody can turn off. */
export const safetyReason = 'You get this mail because it is about the safety of your Muster account.'
