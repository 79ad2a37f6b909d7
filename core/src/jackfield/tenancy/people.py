"""People: accounts with argon2 passwords, their membership in workspaces, and sessions of their browsers."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from jackfield.contract import BadRequest, Conflict, NotFound, PermissionDenied, RateLimited, Unauthenticated
from jackfield.store import Store, new_id, now
from jackfield.store.tables import Member, Person, SessionRow, SignInAttempt, Workspace
from jackfield.vault import hash_token, new_session_token

from .audit import record
from .principal import Principal, Role
from .revisions import raise_revision

SESSION_LIFE = timedelta(days=14)
MIN_PASSWORD = 10
ATTEMPTS, WINDOW = 10, timedelta(minutes=15)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """Somebody who signs in."""

    id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """A member of a workspace."""

    person_id: str
    email: str
    name: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A workspace that a person belongs to."""

    workspace_id: str
    name: str
    role: Role


class People:
    """The service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hasher = PasswordHasher()  # argon2id, with RFC 9106's second choice of parameters

    @cached_property
    def _decoy(self) -> str:
        """What the password of an unknown account is held against, so that it takes as long as that of a known one."""
        return self._hasher.hash("nobody's password")

    # -- signing in ------------------------------------------------------------------------------------------------------

    async def sign_in(self, email: str, password: str, *, address: str = "") -> str:
        """The token of a fresh session.

        :param address: the client's, which is limited beside the account
        :raises Unauthenticated: the same for an unknown account and for a wrong password, after the same time
        :raises RateLimited: after ten failures in a quarter of an hour for the account or the address
        """
        person = await self._prove(email, password, address)
        token = new_session_token()
        async with self._store.write() as session:
            present = await session.scalar(select(Person.password_hash).where(Person.id == person.id).with_for_update())
            if present != person.password_hash:  # set anew while this one was judged: no session outlives that
                raise _wrong()
            await session.execute(delete(SessionRow).where(SessionRow.expires_at < now()))
            session.add(SessionRow(token_hash=hash_token(token), person_id=person.id, expires_at=now() + SESSION_LIFE))
        return token

    async def _prove(self, email: str, password: str, address: str) -> Person:
        """Whose account it is. What fails is counted; see `sign_in`.

        An attempt is written down before it is judged, so that of many sent at once no more pass than of many in a row.
        """
        email = email.strip().lower()
        subjects = [f"email:{email}"[:330]] + ([f"address:{address}"] if address else [])
        attempts = [SignInAttempt(id=new_id(), subject=subject) for subject in subjects]
        own = SignInAttempt.id.in_([attempt.id for attempt in attempts])
        async with self._store.write() as session:
            session.add_all(attempts)
        async with self._store.read() as session:
            hasty = await _is_hasty(session, subjects)
            person = (await session.scalars(select(Person).where(Person.email == email))).one_or_none()
        if hasty:
            async with self._store.write() as session:
                await session.execute(delete(SignInAttempt).where(own))  # who keeps on trying does not keep the owner out
            raise RateLimited(
                "Too many failed sign-ins.", fault="caller", advice="Wait a quarter of an hour.", retry_after=WINDOW.seconds
            )
        stored = person.password_hash if person is not None else None
        good = await asyncio.to_thread(lambda: self._verify(stored or self._decoy, password))
        if person is None or stored is None or not good:
            raise _wrong()
        async with self._store.write() as session:
            await session.execute(delete(SignInAttempt).where(or_(own, SignInAttempt.subject == subjects[0])))
            await session.execute(delete(SignInAttempt).where(SignInAttempt.at < now() - WINDOW))
        return person

    async def session(self, token: str, workspace_id: str | None = None) -> Principal:
        """Who a session belongs to, in one of the person's workspaces (default: the oldest).

        :raises Unauthenticated: if there is no such session, or it is over
        """
        query = (
            select(Person, Member)
            .join(SessionRow, SessionRow.person_id == Person.id)
            .join(Member, Member.person_id == Person.id)
            .where(SessionRow.token_hash == hash_token(token), SessionRow.expires_at > now())
            .order_by(Member.created_at)
        )
        if workspace_id is not None:
            query = query.where(Member.workspace_id == workspace_id)
        async with self._store.read() as session:
            found = (await session.execute(query)).first()
        if found is None:
            raise Unauthenticated("The session is over.", advice="Sign in again.")
        person, member = found
        return Principal(workspace_id=member.workspace_id, name=person.email, role=Role(member.role), person_id=person.id)

    async def who(self, token: str) -> PersonInfo:
        """The person of a session, whatever workspaces they belong to.

        :raises Unauthenticated: if there is no such session, or it is over
        """
        query = select(Person).join(SessionRow, SessionRow.person_id == Person.id)
        query = query.where(SessionRow.token_hash == hash_token(token), SessionRow.expires_at > now())
        async with self._store.read() as session:
            person = (await session.scalars(query)).one_or_none()
        if person is None:
            raise Unauthenticated("The session is over.", advice="Sign in again.")
        return PersonInfo(person.id, person.email, person.name)

    async def enter(self, person: PersonInfo, workspace_id: str) -> Principal:
        """The person in one of their workspaces.

        :raises NotFound: if it is none of theirs, or there is none
        """
        async with self._store.read() as session:
            member = await session.get(Member, (workspace_id, person.id))
        if member is None:
            raise NotFound("There is no such workspace.")
        return Principal(workspace_id=workspace_id, name=person.email, role=Role(member.role), person_id=person.id)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        async with self._store.write() as session:
            await session.execute(delete(SessionRow).where(SessionRow.token_hash == hash_token(token)))

    async def change_password(self, token: str, current: str, new: str, *, address: str = "") -> None:
        """A new password, chosen by the person whose session this is; every session of theirs ends.

        :raises Unauthenticated: if the session is over, or the current password is wrong
        :raises RateLimited: as `sign_in`
        :raises BadRequest: if the new one is too short
        """
        person = await self.who(token)
        hashed = await self._hash(new)
        await self._prove(person.email, current, address)
        async with self._store.write() as session:
            await self._put_password(session, person.id, hashed)
            for workspace_id in await session.scalars(select(Member.workspace_id).where(Member.person_id == person.id)):
                who = Principal(workspace_id=workspace_id, name=person.email, person_id=person.id)
                record(session, who, "member.password", person.email)

    async def reset_password(self, caller: Principal, person_id: str, password: str) -> None:
        """A new password for a member who lost theirs, by an owner or the operator; every session of theirs ends.

        :raises NotFound: if there is no such member
        :raises PermissionDenied: if they belong to other workspaces too, whose owners did not ask for it
        :raises BadRequest: if it is too short
        """
        caller.require(Role.OWNER)
        hashed = await self._hash(password)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)  # whoever changes the members too waits here
            await _check_still_owner(session, caller)
            if await session.get(Member, (caller.workspace_id, person_id)) is None:
                raise NotFound("There is no such member.")
            others = select(Member.workspace_id).where(Member.person_id == person_id)
            others = others.where(Member.workspace_id != caller.workspace_id)
            if not caller.is_operator and (await session.scalars(others.limit(1))).first() is not None:
                raise PermissionDenied(
                    "This person belongs to other workspaces as well.",
                    fault="caller",
                    advice="They can change the password themselves; the operator can with `jackfield members set-password`.",
                )
            person = await self._put_password(session, person_id, hashed)
            record(session, caller, "member.password", person.email)

    async def _hash(self, password: str) -> str:
        """:raises BadRequest: if it is too short or too long"""
        if len(password) < MIN_PASSWORD:
            raise BadRequest(f"A password has at least {MIN_PASSWORD} characters.", param="password")
        if len(password) > 1024:
            raise BadRequest("A password has at most 1,024 characters.", param="password")
        return await asyncio.to_thread(self._hasher.hash, password)

    async def _put_password(self, session: AsyncSession, person_id: str, hashed: str) -> Person:
        person = await session.get_one(Person, person_id, with_for_update=True)
        person.password_hash = hashed
        await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))
        return person

    # -- members ---------------------------------------------------------------------------------------------------------

    async def memberships(self, person_id: str) -> list[Membership]:
        """The person's workspaces, the oldest membership first."""
        query = select(Workspace, Member.role).join(Member, Member.workspace_id == Workspace.id)
        query = query.where(Member.person_id == person_id).order_by(Member.created_at)
        async with self._store.read() as session:
            rows = (await session.execute(query)).all()
        return [Membership(workspace.id, workspace.name, Role(role)) for workspace, role in rows]

    async def members(self, caller: Principal) -> list[MemberInfo]:
        """The members of the caller's workspace."""
        query = select(Person, Member).join(Member, Member.person_id == Person.id)
        query = query.where(Member.workspace_id == caller.workspace_id).order_by(Member.created_at)
        async with self._store.read() as session:
            rows = (await session.execute(query)).all()
        return [MemberInfo(one.id, one.email, one.name, Role(member.role), member.created_at) for one, member in rows]

    async def has_owner(self, workspace_id: str) -> bool:
        """Whether somebody owns the workspace already: if not, whoever holds the first key may."""
        async with self._store.read() as session:
            return bool(await _count_owners(session, workspace_id))

    async def add_member(
        self, caller: Principal, email: str, role: Role, *, password: str | None = None, name: str = ""
    ) -> MemberInfo:
        """Add a person, by a new account (then with a first password) or one that exists.

        :raises BadRequest: for what is no e-mail address, or a short password
        :raises Conflict: if the person is a member already, or is made one by somebody else just now
        """
        caller.require(Role.OWNER)
        return await self._add(caller, role, email, password, name)

    async def add_first_owner(self, caller: Principal, email: str, password: str) -> MemberInfo:
        """Add the owner of a workspace that has none.

        :raises BadRequest: as `add_member`
        :raises Conflict: if it has one, be it since a moment ago
        """
        caller.require(Role.OWNER)
        return await self._add(caller, Role.OWNER, email, password, only_owner=True)

    async def _add(
        self, caller: Principal, role: Role, email: str, password: str | None, name: str = "", *, only_owner: bool = False
    ) -> MemberInfo:
        email = email.strip().lower()
        if not _EMAIL.fullmatch(email):
            raise BadRequest("This is not an e-mail address.", param="email")
        hashed = await self._hash(password) if password is not None else None
        try:
            async with self._store.write() as session:
                await raise_revision(session, caller.workspace_id)  # whoever changes the members too waits here
                await _check_still_owner(session, caller)
                if only_owner and await _count_owners(session, caller.workspace_id):
                    raise Conflict("The workspace has an owner already.", advice="Sign in, or ask the owner to add you.")
                person = (await session.scalars(select(Person).where(Person.email == email))).one_or_none()
                if person is None:
                    if hashed is None:
                        raise BadRequest("A new account needs a first password.", param="password")
                    person = Person(email=email, name=name.strip()[:200], password_hash=hashed)
                    session.add(person)
                    await session.flush()
                if await session.get(Member, (caller.workspace_id, person.id)) is not None:
                    raise Conflict(f"{email} is a member already.", param="email")
                member = Member(workspace_id=caller.workspace_id, person_id=person.id, role=role)
                session.add(member)
                record(session, caller, "member.add", email, {"role": role})
        except IntegrityError:
            raise Conflict(f"{email} is being added by somebody else.", param="email") from None
        return MemberInfo(person.id, person.email, person.name, role, member.created_at)

    async def change_member(self, caller: Principal, person_id: str, role: Role | None) -> None:
        """Give a member another role, or (with None) remove them.

        :raises NotFound: if there is no such member
        :raises PermissionDenied: if the caller was an owner until a moment ago
        :raises Conflict: if nobody would own the workspace any more
        """
        caller.require(Role.OWNER)
        async with self._store.write() as session:
            await raise_revision(session, caller.workspace_id)  # whoever changes the members too waits here
            await _check_still_owner(session, caller)
            member = await session.get(Member, (caller.workspace_id, person_id))
            if member is None:
                raise NotFound("There is no such member.")
            last = member.role == Role.OWNER and await _count_owners(session, caller.workspace_id) == 1
            if last and role is not Role.OWNER:
                raise Conflict("A workspace needs an owner.", advice="Make somebody else an owner first.")
            email = (await session.get_one(Person, person_id)).email
            if role is None:
                record(session, caller, "member.remove", email, {"role": member.role})
                await session.delete(member)
            else:
                record(session, caller, "member.change", email, {"role": role, "from": member.role})
                member.role = role

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _wrong() -> Unauthenticated:
    return Unauthenticated("E-mail or password is wrong.", advice="Try again, or ask an owner to set a new password.")


async def _is_hasty(session: AsyncSession, subjects: list[str]) -> bool:
    query = select(func.count()).where(SignInAttempt.at > now() - WINDOW)
    counts = [(await session.execute(query.where(SignInAttempt.subject == subject))).scalar_one() for subject in subjects]
    return max(counts) > ATTEMPTS


async def _count_owners(session: AsyncSession, workspace_id: str) -> int:
    query = select(func.count()).where(Member.workspace_id == workspace_id, Member.role == Role.OWNER)
    return int((await session.execute(query)).scalar_one())


async def _check_still_owner(session: AsyncSession, caller: Principal) -> None:
    """Of two owners who remove each other, one is no owner any more when their turn comes."""
    if caller.person_id is None:
        return
    own = await session.get(Member, (caller.workspace_id, caller.person_id))
    if own is None or own.role != Role.OWNER:
        raise PermissionDenied("You do not own this workspace any more.", fault="caller")
