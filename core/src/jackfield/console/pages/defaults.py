"""Settings > Default models: what `default` means for each type, and names of one's own with fall-backs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from jackfield.contract import ModelType
from jackfield.tenancy import Role

from ..registry import PageSet
from ..translations import mark
from ..visit import Visit
from ..vocabulary import MODEL_TYPES

pages = PageSet()
pages.menu("/defaults", mark("Default models"), group="Settings", order=20)

PURPOSES = {
    ModelType.LLM: mark("For chats; here also for the titles and next questions of conversations."),
    ModelType.TEXT_EMBEDDING: mark("For searching by meaning; here also in the retrieval bench."),
    ModelType.RERANK: mark("For putting search results in order; here also in the retrieval bench."),
    ModelType.SPEECH_TO_TEXT: mark("For hearing; here also for what you say into the microphone."),
    ModelType.TEXT_TO_SPEECH: mark("For speaking; here also for reading answers aloud."),
    ModelType.MODERATION: mark("For judging texts."),
}
FALL_BACKS = 3
"""Models of an alias for which the form has a place, unless it has more already."""


@dataclass(frozen=True, slots=True)
class Row:
    """The default of one type.

    :param chosen: what it is, usable or not; empty: none
    :param problem: why calls to it fail
    """

    kind: ModelType
    label: str
    purpose: str
    names: tuple[str, ...]
    chosen: str
    problem: str


@pages.get("/defaults")
async def show(visit: Visit) -> Response:
    """The form, and the aliases."""
    return await visit.page("defaults/page.html", rows=await _rows(visit), **await _aliases(visit))


@pages.post("/defaults")
async def save(visit: Visit) -> Response:
    """Set those that changed, all or none."""
    sent = await visit.form()
    await visit.host.models.set_defaults(visit.caller, {kind: sent[kind] or None for kind in ModelType if kind in sent})
    return visit.done(visit.say("Saved."), "defaults/problems.html", saved=await _rows(visit))


@pages.get("/defaults/alias")
async def alias_form(visit: Visit) -> Response:
    """The dialog of a new alias, or of one that is there."""
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    name = visit.query.get("name", "")
    targets = view.aliases.get(name, ())
    names = [model.name for model in await visit.host.models.usable(visit.caller) if not model.targets]
    places = max(FALL_BACKS, len(targets) + 1)
    return visit.part(
        "defaults/alias.html",
        name=name if targets else "",
        places=[targets[place] if place < len(targets) else "" for place in range(places)],
        names=list(dict.fromkeys([*names, *targets])),
    )


@pages.post("/defaults/alias")
async def save_alias(visit: Visit) -> Response:
    """Set it, whatever it was before."""
    fields = await visit.fields()
    name = dict(fields).get("name", "").strip()
    targets = [value for field, value in fields if field == "target" and value]
    await visit.host.models.set_alias(visit.caller, name, targets)
    return visit.done(visit.say("Saved."), "defaults/aliases.html", **await _aliases(visit))


@pages.post("/defaults/alias/remove")
async def remove_alias(visit: Visit) -> Response:
    """The name is free again."""
    await visit.host.models.set_alias(visit.caller, (await visit.form()).get("name", ""), None)
    return visit.done(visit.say("Removed."), "defaults/aliases.html", **await _aliases(visit))


async def _rows(visit: Visit) -> list[Row]:
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    rows = []
    for kind in ModelType:
        names = tuple(model.name for model in await visit.host.models.usable(visit.caller, kind))
        chosen = view.defaults.get(kind, "")
        gone = await visit.host.models.gone(visit.caller, [chosen] if chosen else [], kind)
        rows.append(Row(kind, MODEL_TYPES[kind], PURPOSES[kind], names, chosen, visit.told(gone[chosen]) if gone else ""))
    return rows


async def _aliases(visit: Visit) -> dict[str, Any]:
    view = await visit.host.tenancy.views.get(visit.caller.workspace_id)
    gone = await visit.host.models.gone(visit.caller, {ref for refs in view.aliases.values() for ref in refs})
    return {
        "aliases": dict(sorted(view.aliases.items())),
        "gone": {ref: visit.told(error) for ref, error in gone.items()},
        "may_change": visit.caller.may(Role.ADMIN),
    }
