"""What the page of providers shows of each: its state in one word, and what to look for it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jackfield.contract import ModelType
from jackfield.host import ProviderState, ProviderStatus
from jackfield.kernel import PluginRecord

from .translations import mark
from .visit import Visit
from .vocabulary import MODEL_TYPES

Tone = Literal["good", "accent", "warn", "bad", "plain"]
STATES = {
    "ready": mark("Ready"),
    "trial": mark("Trial"),
    "spent": mark("Trial spent"),
    "needs_key": mark("Needs a key"),
    "quarantined": mark("Quarantined"),
}
_TONES: dict[str, Tone] = {"ready": "good", "trial": "accent", "spent": "warn", "needs_key": "plain", "quarantined": "bad"}
_ORDER = list(STATES)
UNITS = {"calls": mark("calls"), "tokens": mark("tokens"), "credits": mark("credits")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """:param state: a key of `STATES`
    :param note: what the state says more exactly, in the reader's language
    """

    id: str
    title: str
    text: str
    types: tuple[ModelType, ...]
    state: str
    note: str

    @property
    def tone(self) -> Tone:
        """How the state looks."""
        return _TONES[self.state]

    @property
    def state_label(self) -> str:
        """The state in English."""
        return STATES[self.state]

    @property
    def words(self) -> str:
        """What a search finds it by, in both languages, with its state and types as filters name them."""
        kinds = " ".join(f"type:{kind} {MODEL_TYPES[kind]}" for kind in self.types)
        return f"{self.id} {self.title} {self.text} {kinds} state:{self.state}".lower()


async def cards(visit: Visit) -> list[Card]:
    """The providers by their state, ready ones first, and the broken plugins after them."""
    found = [_card(visit, state) for state in await visit.host.models.providers(visit.caller)]
    found.sort(key=lambda card: (_ORDER.index(card.state), card.title.lower()))
    return found + [_broken(visit, plugin) for plugin in visit.host.kernel.plugins if plugin.quarantined is not None]


async def card(visit: Visit, provider: str) -> Card:
    """One of them, as it is now."""
    states = await visit.host.models.providers(visit.caller)
    return next(_card(visit, state) for state in states if state.description.id == provider)


def _card(visit: Visit, found: ProviderState) -> Card:
    description = found.description
    state, note = _state(visit, found)
    return Card(
        id=description.id,
        title=visit.label(description.label),
        text=visit.label(description.description),
        types=description.model_types,
        state=state,
        note=note,
    )


def _state(visit: Visit, found: ProviderState) -> tuple[str, str]:
    left = [trial for trial in found.trials if trial.left]
    if found.status is ProviderStatus.READY:
        if found.credentials:
            text = mark("{count} credential") if found.credentials == 1 else mark("{count} credentials")
            return "ready", visit.say(text, count=found.credentials)
        return "ready", visit.say("no key needed")
    if left:
        trial = left[0]
        unit = visit.say(UNITS[trial.trial.unit])
        return "trial", visit.say("{left} of {quota} {unit} left", left=trial.left, quota=trial.trial.quota, unit=unit)
    return ("spent" if found.trials else "needs_key"), ""


def _broken(visit: Visit, plugin: PluginRecord) -> Card:
    quarantine = plugin.quarantined
    return Card(
        id=f"plugin-{plugin.title}",
        title=plugin.title,
        text=visit.sentence(quarantine.cause) if quarantine is not None else "",
        types=(),
        state="quarantined",
        note="",
    )
