"""How the host gets its first owner: whoever holds the set-up address that `serve` printed, or the first API key."""

from __future__ import annotations

import base64
import hashlib
import hmac

from jackfield.contract import Conflict, Unauthenticated
from jackfield.vault import MasterKeyring

from .keys import Keys
from .people import People
from .workspaces import WorkspaceInfo, Workspaces, operator


class FirstOwner:
    """The service.

    The token is kept nowhere: it is an HMAC under the master key, so that every worker and replica knows it. It holds until the
    first workspace has an owner or is removed, and never again after that.
    """

    def __init__(self, masters: MasterKeyring, workspaces: Workspaces, people: People, keys: Keys) -> None:
        self._masters = masters
        self._workspaces = workspaces
        self._people = people
        self._keys = keys
        self._owned = False

    async def workspace(self) -> WorkspaceInfo | None:
        """The first workspace, as long as nobody owns it."""
        if self._owned:
            return None
        first = (await self._workspaces.list())[0]
        self._owned = await self._people.has_owner(first.id) or bool(await self._workspaces.removed())
        return None if self._owned else first

    async def token(self) -> str | None:
        """What the set-up address carries; None when there is nothing to set up."""
        workspace = await self.workspace()
        return self._tokens(workspace)[0] if workspace is not None else None

    async def holds(self, proof: str) -> bool:
        """Whether `proof` is the token, or the first API key."""
        workspace = await self.workspace()
        return workspace is not None and await self._proves(workspace, proof.strip())

    async def claim(self, proof: str, email: str, password: str) -> None:
        """Make the first owner.

        :param proof: the token, or the first API key
        :raises Conflict: if there is an owner already
        :raises Unauthenticated: if the proof is none
        :raises BadRequest: for what is no e-mail address, or a short password
        """
        workspace = await self.workspace()
        if workspace is None:
            raise Conflict("This host has an owner already.", advice="Sign in, or ask the owner to add you as a member.")
        if not await self._proves(workspace, proof.strip()):
            raise Unauthenticated(
                "This is neither the set-up address nor the first API key of this host.",
                advice="Open the address that `jackfield serve` prints at its start.",
                param="proof",
            )
        await self._people.add_first_owner(operator(workspace.id), email, password)

    async def _proves(self, workspace: WorkspaceInfo, proof: str) -> bool:
        if any(hmac.compare_digest(proof.encode(), token.encode()) for token in self._tokens(workspace)):
            return True
        try:
            key = await self._keys.authenticate(proof)
        except Unauthenticated:
            return False
        # Only the first key: a later one may have been given to a program that is to do much less than own the workspace.
        first = (await self._keys.list(operator(workspace.id)))[-1]
        return key.workspace_id == workspace.id and key.key_id == first.id

    def _tokens(self, workspace: WorkspaceInfo) -> list[str]:
        """The token under each master key of the ring, the current one's first."""
        message = b"jackfield set-up\0" + workspace.id.encode()
        digests = [hmac.digest(self._masters.key(key_id).material, message, hashlib.sha256) for key_id in self._masters.ids]
        return [base64.urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests]
