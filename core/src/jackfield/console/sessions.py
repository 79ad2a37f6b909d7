"""Who a browser is: the cookie of its session, and the tokens that prove that a change came from one of our own pages."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from jackfield.tenancy.people import SESSION_LIFE
from jackfield.vault import new_session_token

_SESSION, _VISITOR = "jackfield_session", "jackfield_visitor"
WORKSPACE, LANGUAGE, THEME = "jackfield_workspace", "jackfield_language", "jackfield_theme"
_YEAR = 365 * 24 * 3600


@dataclass(slots=True)
class Cookies:
    """The cookies of one request, and how they are set.

    :param secure: whether the browser came by https: then the cookies go only that way, and the session's is bound to this
        very host (`__Host-`: no other subdomain can plant one)
    """

    request: Request
    secure: bool

    @property
    def session(self) -> str | None:
        """The token of the session that the browser claims to have."""
        return self.request.cookies.get(self._name(_SESSION))

    @property
    def visitor(self) -> str | None:
        """The token of somebody who has not signed in."""
        return self.request.cookies.get(self._name(_VISITOR))

    def keep_session(self, response: Response, token: str) -> None:
        """Always a token made at this sign-in: one that was planted before is worth nothing."""
        self._set(response, self._name(_SESSION), token, max_age=int(SESSION_LIFE.total_seconds()))

    def end_session(self, response: Response) -> None:
        """Forget it."""
        response.delete_cookie(self._name(_SESSION), secure=self.secure, httponly=True, samesite="lax")

    def keep_visitor(self, response: Response, token: str) -> None:
        """Until the browser is closed."""
        self._set(response, self._name(_VISITOR), token)

    def keep_choice(self, response: Response, name: str, value: str) -> None:
        """A language, a theme, a workspace."""
        self._set(response, name, value, max_age=_YEAR)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        response.set_cookie(name, value, max_age=max_age, secure=self.secure, httponly=True, samesite="lax")


def new_visitor() -> str:
    """A token for the forms of somebody who has not signed in."""
    return new_session_token()


def csrf_token(secret: str) -> str:
    """The token that the pages of a session carry: it follows from the session's, and the session's does not follow from it."""
    digest = hmac.digest(secret.encode(), b"jackfield console form", hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def csrf_matches(token: str, secret: str) -> bool:
    """In a time that does not depend on where they differ."""
    return hmac.compare_digest(token.encode(), csrf_token(secret).encode())
