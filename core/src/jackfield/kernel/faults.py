"""Whose fault an error is: what escapes a plugin becomes an error of the contract that names the plugin and the hook."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn, TypeVar

from jackfield.contract import CallContext, JackfieldError, PluginFault

from .redaction import redact, scrub, secrets_of

Error = TypeVar("Error", bound=JackfieldError)


class Blame:
    """A plugin's part in the calls of one hook; names it in what goes wrong there.

    :param secret_names: of the provider's forms, so that no error tells their values
    """

    __slots__ = ("hook", "plugin", "secret_names")

    def __init__(self, plugin: str, hook: str, secret_names: Collection[str]) -> None:
        self.plugin = plugin
        self.hook = hook
        self.secret_names = secret_names

    def fault(self, what: str, context: CallContext, model: str | None) -> PluginFault:
        """The plugin broke the contract: `what` follows the words "its hook"."""
        error = PluginFault(
            f"The plugin `{self.plugin}` broke the contract: its hook `{self.hook}` {what}.", plugin=self.plugin, hook=self.hook
        )
        return self.name(error, context, model)

    def name(self, error: Error, context: CallContext, model: str | None) -> Error:
        """`error`, with provider and model filled in where they are not."""
        error.provider = error.provider or context.provider
        error.model = error.model or model or None
        return error

    def scrub(self, error: BaseException, context: CallContext) -> None:
        """Take the call's secrets out of `error` and out of those behind it."""
        scrub(error, secrets_of(context.credentials, self.secret_names))

    def raise_for(self, error: BaseException, context: CallContext, model: str | None) -> NoReturn:
        """Raise what the caller is to see of what escaped the plugin.

        Errors of the contract pass, named; the end of the program passes; anything else is the plugin's fault.
        """
        self.scrub(error, context)
        if isinstance(error, JackfieldError):
            raise self.name(error, context, model)
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            raise error
        text = redact(str(error), secrets_of(context.credentials, self.secret_names))
        what = f"raised {type(error).__name__}" + (f": {text}" if text else "")
        raise self.fault(what.rstrip("."), context, model) from error
