"""Where a call may go: a model's name resolved to targets with their credentials; computed once for a view, then only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jackfield.contract import ModelDescription, ModelType

if TYPE_CHECKING:
    from jackfield.tenancy import Scopes


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One credential that can serve a target.

    :param credential: its id; empty where the provider asks for none; for a trial, the trial's id
    :param key: under which its health is known
    :param weight: its share of the calls among the candidates that are awake
    :param hosted: lent by the operator: a quota is reserved for each call
    :param record: what tenancy knows of it
    """

    credential: str
    key: str
    label: str = ""
    weight: int = 1
    hosted: bool = False
    record: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One model at one provider.

    :param own: the workspace's own candidates
    :param trials: the operator's, where it lends this model; the next is for when the one before it is spent
    :param hosted_first: whether the trials go before the own ones
    :param take_over: whether an own one takes the call when the trials are spent
    """

    provider: str
    model: ModelDescription
    own: tuple[Candidate, ...] = ()
    trials: tuple[Candidate, ...] = ()
    hosted_first: bool = False
    take_over: bool = True

    @property
    def ref(self) -> str:
        """How callers name it."""
        return f"{self.provider}/{self.model.id}"


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """What a name means in a workspace, as of one view of it.

    :param name: as the caller wrote it
    :param targets: the model itself, then its fallbacks
    :param relayable: dialect -> the targets that can be relayed to in it; empty where the first cannot
    """

    name: str
    model_type: ModelType
    targets: tuple[Target, ...]
    relayable: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)

    def permitted(self, scopes: Scopes) -> tuple[Target, ...]:
        """The targets that a key may call by their own names; none where the first is not among them: fallbacks alone are no
        answer to who asks for a model."""
        permitted = tuple(target for target in self.targets if scopes.permits_model(target.ref))
        return permitted if permitted and permitted[0] is self.targets[0] else ()
