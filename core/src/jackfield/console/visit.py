"""One request to the console: who asks, in which language, and the ways to answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jackfield.contract import (
    CredentialsInvalid,
    JackfieldError,
    LocalizedText,
    PermissionDenied,
    RequestTooLarge,
    Unauthenticated,
)
from jackfield.host import Host
from jackfield.tenancy import Membership, Principal

from . import icons
from .menu import menu
from .sessions import LANGUAGE, THEME, WORKSPACE, Cookies, csrf_matches, csrf_token, new_visitor
from .templating import environment
from .translations import LANGUAGES, Language, preferred_language, translate, translate_sentence

MAX_FORM = 256 * 1024
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' data: blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
}


class StaleForm(PermissionDenied):
    """The token of a form is not that of the session: it was opened in another one, or it is not ours."""

    code = "stale_form"
    fault = "caller"
    advice = "Nothing was lost: send the form again."


@dataclass(slots=True)
class Visit:
    """:ivar caller: who is signed in, in the workspace that they look at; only where `signed_in`"""

    host: Host
    request: Request
    cookies: Cookies
    language: Language
    theme: str
    _caller: Principal | None = None
    _memberships: list[Membership] = field(default_factory=list)
    _secret: str = ""
    _new_visitor: bool = False
    _form: list[tuple[str, str]] | None = None

    @classmethod
    async def begin(cls, host: Host, request: Request) -> Visit:
        """Read the cookies."""
        secure = request.url.scheme == "https" or (host.settings.server.public_url or "").startswith("https://")
        chosen = next((code for code in LANGUAGES if code == request.cookies.get(LANGUAGE)), None)
        language = chosen or preferred_language(request.headers.get("accept-language", ""))
        theme = request.cookies.get(THEME, "")
        visit = cls(host, request, Cookies(request, secure), language, theme if theme in ("light", "dark") else "")
        await visit._find_caller()
        return visit

    async def _find_caller(self) -> None:
        token, people = self.cookies.session, self.host.tenancy.people
        if token is not None:
            wanted = self.request.cookies.get(WORKSPACE)
            for workspace in dict.fromkeys((wanted, None)):
                try:
                    self._caller = await people.session(token, workspace)
                except Unauthenticated:
                    continue
                self._secret = token
                return
        self._secret = self.cookies.visitor or ""
        if not self._secret:
            self._secret, self._new_visitor = new_visitor(), True

    # -- who ---------------------------------------------------------------------------------------------------------------

    @property
    def signed_in(self) -> bool:
        """Whether there is a session."""
        return self._caller is not None

    @property
    def caller(self) -> Principal:
        """:raises Unauthenticated: if nobody is signed in"""
        if self._caller is None:
            raise Unauthenticated("The session is over.", advice="Sign in again.")
        return self._caller

    @property
    def csrf(self) -> str:
        """The token that this browser's forms carry."""
        return csrf_token(self._secret)

    async def check_csrf(self) -> None:
        """:raises StaleForm: if the request does not come from a page of this very session"""
        if self.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise StaleForm("This form was sent by another site.", advice="Open the console itself, and try again there.")
        token = self.request.headers.get("x-csrf-token") or (await self.form()).get("csrf_token", "")
        if not csrf_matches(token, self._secret):
            raise StaleForm("This page was opened in another session, or before the last sign-in.")

    # -- what they sent ----------------------------------------------------------------------------------------------------

    @property
    def path(self) -> dict[str, str]:
        """The names in the path."""
        return self.request.path_params

    @property
    def query(self) -> dict[str, str]:
        """The query, the last of each name."""
        return dict(self.request.query_params)

    @property
    def address(self) -> str:
        """What was asked for: path and query."""
        return self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")

    async def body(self, most: int = MAX_FORM) -> bytes:
        """The body.

        :raises RequestTooLarge: above `most` bytes
        """
        pieces, size = [], 0
        async for piece in self.request.stream():
            size += len(piece)
            if size > most:
                raise RequestTooLarge(f"This is more than the console takes at once ({most:,} bytes).")
            pieces.append(piece)
        return b"".join(pieces)

    async def fields(self) -> list[tuple[str, str]]:
        """The form's fields in their order, where a name may come several times."""
        if self._form is None:
            text = (await self.body()).decode("utf-8", "replace")
            self._form = parse_qsl(text, keep_blank_values=True, max_num_fields=2000)
        return self._form

    async def form(self) -> dict[str, str]:
        """The form's fields, the last of each name."""
        return dict(await self.fields())

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is asked for, by htmx."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def base_url(self) -> str:
        """The address under which people reach this host."""
        return (self.host.settings.server.public_url or str(self.request.base_url).partition("/console")[0]).rstrip("/")

    # -- words -------------------------------------------------------------------------------------------------------------

    def say(self, text: str, /, **values: object) -> str:
        """A text of the console in the reader's language."""
        return translate(text, self.language, **values)

    def sentence(self, text: str) -> str:
        """An error's sentence in the reader's language."""
        return translate_sentence(text, self.language)

    def label(self, text: LocalizedText | None) -> str:
        """A plugin's text in the reader's language."""
        return text.text(self.language) if text is not None else ""

    # -- answers -----------------------------------------------------------------------------------------------------------

    async def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A whole page."""
        if self._caller is not None and self._caller.person_id is not None:
            self._memberships = await self.host.tenancy.people.memberships(self._caller.person_id)
        return self._html(template, status, context)

    def part(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A part of a page, for htmx to swap in."""
        return self._html(template, status, context)

    def done(self, text: str, /, template: str | None = None, *, close: bool = True, **context: object) -> Response:
        """A change was made: say so, close the dialog that it came from, and swap a part in."""
        response = self._html(template, 200, context) if template else Response(status_code=200, headers={"hx-reswap": "none"})
        self.announce(response, text)
        if close:
            self._trigger(response, "HX-Trigger-After-Settle", {"closeDialog": True})
        return response

    def announce(self, response: Response, text: str, kind: str = "good") -> None:
        """Show a sentence in the corner; `text` is in the reader's language already."""
        self._trigger(response, "HX-Trigger", {"announce": {"text": text, "kind": kind}})

    def go(self, path: str) -> Response:
        """To another page, a path below `/console`."""
        if self.by_htmx:
            return Response(status_code=200, headers={"hx-redirect": f"/console{path}"})
        return RedirectResponse(f"/console{path}", status_code=303)

    def refuse(self, error: JackfieldError) -> Response:
        """An error, in words that say what to do; the form that was sent stays as it is."""
        message, advice = self._told(error, error.message), self.sentence(error.advice)
        if not self.by_htmx:
            context = {"message": message, "advice": advice, "status": error.status}
            return self._html("error.html" if self.signed_in else "error_outside.html", error.status, context)
        problems = {
            name: self._told(error, problem)
            for name, problem in (error.problems if isinstance(error, CredentialsInvalid) else {}).items()
        }
        if error.param and not problems:
            problems = {error.param: self.told(error)}
        detail = {
            "code": error.code,
            "message": message,
            "advice": advice,
            "problems": problems,
            "retryable": error.retryable or error.fault == "vendor",
        }
        response = Response(status_code=error.status, headers={"x-console": "refused", "hx-reswap": "none"})
        self._trigger(response, "HX-Trigger", {"refused": detail})
        if isinstance(error, StaleForm):
            self.announce_csrf(response, self.csrf)
        return response

    def told(self, error: JackfieldError) -> str:
        """What went wrong; and what to do about it, where that is more than errors of its kind say anyway."""
        said = self._told(error, error.message)
        return f"{said} {self.sentence(error.advice)}" if "advice" in vars(error) else said

    def _told(self, error: JackfieldError, text: str) -> str:
        """`text` in the reader's language; where it is the whole error, with the vendor's own words."""
        said = self.sentence(text)
        if text == error.message and error.vendor_message and error.vendor_message not in text:
            return self.say("{sentence} The vendor says: {words}", sentence=said, words=error.vendor_message)
        return said

    def announce_csrf(self, response: Response, token: str) -> None:
        """Give an open page the token of the present session; only our own pages can read it."""
        self._trigger(response, "HX-Trigger", {"csrf": {"token": token}})

    def ask_to_sign_in(self) -> Response:
        """To the sign-in page; or, where a page is open with what was typed, a dialog over it."""
        if self.by_htmx:
            response = self._html("sign_in_again.html", 401, {})
            response.headers["x-console"] = "sign-in"
            response.headers["hx-retarget"] = "#session"
            response.headers["hx-reswap"] = "innerHTML"
            return response
        if self.request.method != "GET" or self.address == "/console/":
            return RedirectResponse("/console/sign-in", status_code=303)
        return RedirectResponse(f"/console/sign-in?next={quote(self.address, safe='')}", status_code=303)

    def finish(self, response: Response) -> Response:
        """Give an answer the headers that all have."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if self._new_visitor and response.status_code != 404:
            self.cookies.keep_visitor(response, self._secret)
        return response

    def _html(self, template: str, status: int, context: dict[str, Any]) -> Response:
        values: dict[str, Any] = {
            "_": self.say,
            "sentence": self.sentence,
            "label": self.label,
            "icon": lambda provider: icons.address(self.host, provider),
            "language": self.language,
            "languages": LANGUAGES,
            "theme": self.theme,
            "csrf_token": self.csrf,
            "current_path": self.request.url.path,
            "address": self.address,
            "navigation": menu(self._caller, self.say) if self._caller is not None else [],
            "memberships": self._memberships,
            "caller": self._caller,
        }
        return HTMLResponse(environment().get_template(template).render({**values, **context}), status_code=status)

    def _trigger(self, response: Response, header: str, events: dict[str, object]) -> None:
        former = json.loads(response.headers.get(header, "{}"))
        response.headers[header] = json.dumps({**former, **events})
