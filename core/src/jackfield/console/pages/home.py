"""The start page: what is left to do until the first call, and the call itself to be copied."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from jackfield.contract import ModelType
from jackfield.tenancy import UsageFilter

from ..registry import PageSet
from ..snippets import chat_snippets, first_chat_model
from ..translations import mark
from ..visit import Visit

pages = PageSet()
pages.menu("/", mark("Start"), group="Use", order=0)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist; its texts are in English."""

    title: str
    text: str
    link: str
    action: str
    done: bool


@pages.get("/")
async def show(visit: Visit) -> Response:
    """The checklist."""
    steps = await _steps(visit)
    snippets = chat_snippets(visit.base_url, await first_chat_model(visit))
    return await visit.page("home.html", steps=steps, left=sum(not step.done for step in steps), snippets=snippets)


async def _steps(visit: Visit) -> list[Step]:
    caller, tenancy = visit.caller, visit.host.tenancy
    view = await tenancy.views.get(caller.workspace_id)
    keys = await tenancy.keys.list(caller)
    calls = await tenancy.usage.calls(caller, UsageFilter(), limit=1)
    return [
        Step(
            mark("Add a provider"),
            mark("Paste a vendor's key once; all its models can then be used. The models inside this host need none."),
            "/console/providers",
            mark("Model providers"),
            done=bool(view.credentials),
        ),
        Step(
            mark("Pick default models"),
            mark("What apps get that ask for `default`, and what this console itself uses."),
            "/console/defaults",
            mark("Default models"),
            done=ModelType.LLM in view.defaults,
        ),
        Step(
            mark("Make an API key"),
            mark("One for each app, so that each has its own limits and its own line in the usage."),
            "/console/keys",
            mark("API keys"),
            done=sum(key.revoked_at is None for key in keys) > 1,
        ),
        Step(
            mark("Make the first call"),
            mark("With a client that you know already: the snippets below have this host's address."),
            "#first-call",
            mark("Show the snippets"),
            done=bool(calls),
        ),
    ]
