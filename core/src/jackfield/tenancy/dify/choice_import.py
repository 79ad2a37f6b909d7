"""Added models, defaults, switches and preferences. What the workspace has chosen already stays."""

from __future__ import annotations

from jackfield.contract import JackfieldError

from ..tenancy import Tenancy
from ..views import Preference
from .content import Content, DifyModel
from .report import Result
from .target import Options, Target
from .translation import Model, Offers, Translated, Translator, Untranslatable


class ChoiceImport:
    """Puts them there."""

    def __init__(self, tenancy: Tenancy, offers: Offers, options: Options) -> None:
        self._tenancy = tenancy
        self._offers = offers
        self._options = options

    async def put_models(self, translated: list[Translated], target: Target) -> set[Model]:
        """The models that the workspace has added then, or would have.

        :param translated: their credentials, and those of their providers
        """
        base = {one.provider: one.values for one in translated if one.model is None and one.source.active}
        chosen: dict[Model, Translated] = {}
        for one in translated:
            if one.model is not None and (one.model not in chosen or one.source.active):
                chosen[one.model] = one
        there = {Model(*key) for key in target.view.custom_models} if target.view is not None else set()
        for model, one in chosen.items():
            if model in there:
                target.add("model", model.ref, Result.UNCHANGED)
                continue
            try:
                described = self._offers.describe_model(
                    model.provider, model.model, model.type, {**base.get(model.provider, {}), **one.values}
                )
                if not self._options.dry_run:
                    await self._tenancy.choices.add_model(target.caller, model.provider, described)
            except JackfieldError as error:
                target.add("model", model.ref, Result.SKIPPED, f"{error.message} {error.advice}")
                continue
            there.add(model)
            target.add("model", model.ref, Result.IMPORTED)
        return there

    async def put_defaults(self, content: Content, translator: Translator, added: set[Model], target: Target) -> None:
        """The default model of each type."""
        there = dict(target.view.defaults) if target.view is not None else {}
        for named in content.defaults:
            subject = f"{named.model_type}: {named.provider}/{named.model}"
            try:
                model = self._known(named, translator, added)
            except Untranslatable as reason:
                target.add("default", subject, Result.SKIPPED, str(reason))
                continue
            if model.type not in there:
                there[model.type] = model.ref
                if not self._options.dry_run:
                    await self._tenancy.choices.set_default(target.caller, model.type, model.ref)
                target.add("default", subject, Result.IMPORTED)
            elif there[model.type] == model.ref:
                target.add("default", subject, Result.UNCHANGED)
            else:
                why = f"The workspace has another default of this type: {there[model.type]}."
                target.add("default", subject, Result.SKIPPED, why)

    async def put_switches(self, content: Content, translator: Translator, added: set[Model], target: Target) -> None:
        """Models that are switched off."""
        there = target.view.switched_off if target.view is not None else frozenset()
        for named in content.switched_off:
            subject = f"{named.provider}/{named.model}"
            try:
                model = self._known(named, translator, added)
            except Untranslatable as reason:
                target.add("switch", subject, Result.SKIPPED, str(reason))
                continue
            if (model.provider, model.model, model.type) in there:
                target.add("switch", subject, Result.UNCHANGED)
                continue
            if not self._options.dry_run:
                await self._tenancy.choices.switch_model(target.caller, model.provider, model.model, model.type, on=False)
            target.add("switch", subject, Result.IMPORTED)

    async def put_preferences(self, content: Content, translator: Translator, target: Target) -> None:
        """Whether the hosted quota is used before own credentials, where the operator lends some."""
        for provider, preferred in content.preferences.items():
            if preferred == "system":  # own credentials first: so it is here without a word
                result, why = await self._put_preference(provider, translator, target)
                target.add("preference", provider, result, why)
        for provider in sorted(content.hosted):
            why = "A hosted quota of Dify's stays there; the operator lends credentials of its own by [[trials]]."
            target.add("preference", provider, Result.SKIPPED, why)

    async def _put_preference(self, provider: str, translator: Translator, target: Target) -> tuple[Result, str]:
        try:
            here = translator.provider(provider)[0].provider
        except Untranslatable as reason:
            return Result.SKIPPED, str(reason)
        if here not in {trial.provider for trial in self._tenancy.trials.offered}:
            return Result.SKIPPED, "Dify used its hosted quota first; this host lends no credential of this provider."
        if target.view is not None and here in target.view.preferences:
            return Result.UNCHANGED, ""
        if not self._options.dry_run:
            await self._tenancy.choices.set_preference(target.caller, here, Preference(hosted_first=True))
        return Result.IMPORTED, ""

    def _known(self, named: DifyModel, translator: Translator, added: set[Model]) -> Model:
        model = translator.model(named)
        if model not in added and self._offers.providers[model.provider].model(model.model, model.type) is None:
            raise Untranslatable(f"There is no model {model.ref} of type {model.type} here.")
        return model
