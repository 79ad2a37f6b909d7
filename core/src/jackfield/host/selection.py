"""Which of a workspace's credentials serves the next attempt: by weight, among those that are awake."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from .health import Health
from .routes import Candidate, Target


class Selection:
    """:param pick: a number in [0, 1), for tests; chance"""

    def __init__(self, health: Health, pick: Callable[[], float] = random.random) -> None:
        self._health = health
        self._pick = pick

    def own(self, target: Target, excluded: Collection[Candidate], tried: Collection[Candidate]) -> Candidate | None:
        """One that is not `excluded`, nor `tried` if another is awake; None where none is left."""
        candidates = target.own
        if len(candidates) == 1:
            return None if candidates[0] in excluded else candidates[0]
        left = [candidate for candidate in candidates if candidate not in excluded]
        if len(left) < 2:
            return left[0] if left else None
        rest = {candidate: self._health.seconds_left(candidate.key, target.model.id) for candidate in left}
        awake = [candidate for candidate in left if not rest[candidate]]
        fresh = [candidate for candidate in awake if candidate not in tried]
        if not awake:
            return min(left, key=lambda candidate: rest[candidate])
        return self._weighted(fresh or awake)

    def has_fresh(self, target: Target, excluded: Collection[Candidate], tried: Collection[Candidate]) -> bool:
        """Whether `own` would answer one that is awake and not tried."""
        return any(
            candidate not in excluded
            and candidate not in tried
            and not self._health.seconds_left(candidate.key, target.model.id)
            for candidate in target.own
        )

    def in_order(self, targets: tuple[Target, ...]) -> list[Target]:
        """The targets, those of which every credential rests behind the others."""
        return sorted(targets, key=self._all_rest)

    def _all_rest(self, target: Target) -> bool:
        candidates = (*target.own, *target.trials)
        return bool(candidates) and all(self._health.seconds_left(one.key, target.model.id) for one in candidates)

    def _weighted(self, candidates: list[Candidate]) -> Candidate:
        if len(candidates) == 1:
            return candidates[0]
        total = sum(candidate.weight for candidate in candidates)
        point = self._pick() * total
        for candidate in candidates:
            point -= candidate.weight
            if point < 0:
                return candidate
        return candidates[-1]
