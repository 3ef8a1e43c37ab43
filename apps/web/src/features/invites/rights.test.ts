import type { Invite, User } from '@muster/client'
import { invitableRoles as allowedRoles, can, roles } from '@muster/policy'
import { expect, test } from 'vitest'
import { invitableRoles, mayChangeInvite } from './rights.ts'

test.each(roles)('the pages offer a %s the roles that the API allows', (role) => {
  expect(invitableRoles(role).toSorted()).toEqual(allowedRoles(role).toSorted())
})

test.each(roles)('the pages offer a %s the invitations to change that the API lets them change', (role) => {
  const principal = { userId: 'me', role, organizationId: role.startsWith('client') ? 'ours' : null }
  for (const inviterId of ['me', 'other'])
    for (const invited of ['site_admin', 'operator', 'client_admin', 'client_user'] as const) {
      const isAllowed = can(principal, 'invite.change', { ownerId: inviterId }) && allowedRoles(role).includes(invited)
      const invite = { role: invited, invitedBy: { id: inviterId, name: '' } } as Invite
      expect(mayChangeInvite({ id: 'me', role } as User, invite)).toBe(isAllowed)
    }
})
