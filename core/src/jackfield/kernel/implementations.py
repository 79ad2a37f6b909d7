"""What a plugin implements, checked against the specs before any of it is called."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pluggy

from jackfield.contract import PROJECT, Fault, ModelType, ProviderDescription

from .hooks import HOOKS, INVOKE_HOOKS, Hook
from .records import Cause

_reader = pluggy.PluginManager(PROJECT)


class Broken(Exception):
    """A plugin does not keep the contract. Caught by the loader, which puts the plugin into quarantine."""

    def __init__(self, kind: Cause, cause: str, advice: str, fault: Fault = "plugin") -> None:
        super().__init__(cause)
        self.fault: Fault = fault
        self.kind = kind
        self.cause = cause
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Implementation:
    """One hook implementation. `options` are pluggy's: `tryfirst`, `trylast`."""

    hook: Hook
    function: Callable[..., Any]
    options: Mapping[str, Any]


@dataclass(slots=True)
class Implementations:
    """:param own: hook name to what answers for the plugin's own providers
    :param wrappers: hook name to what stands around those of all others
    """

    own: dict[str, Implementation] = field(default_factory=dict)
    wrappers: dict[str, Implementation] = field(default_factory=dict)


def implementations_of(plugin: object) -> Implementations:
    """:raises Broken: for an implementation that does not fit its spec, and for an object that has none"""
    found = Implementations()
    for name in dir(plugin):
        if name.startswith("__"):
            continue  # Python's own: a third of all names, and pluggy looks at each for long
        options: Mapping[str, Any] | None = _reader.parse_hookimpl_opts(plugin, name)
        if options is None:
            continue
        hook_name = options.get("specname") or name
        hook = HOOKS.get(hook_name)
        if hook is None:
            if options.get("optionalhook"):
                continue  # of a newer contract: the plugin says itself that it can do without
            raise Broken(Cause.HOOKS, *_unknown(hook_name))
        function = getattr(plugin, name)
        is_wrapper = bool(options.get("wrapper"))
        if isinstance(plugin, type) and "self" in inspect.signature(function).parameters:
            raise Broken(
                Cause.NOT_A_PLUGIN,
                f"The entry point leads to the class `{plugin.__name__}`, not to an instance of it.",
                f"Let the entry point name an object: `plugin = {plugin.__name__}()`.",
            )
        _check(hook, function, options)
        (found.wrappers if is_wrapper else found.own)[hook_name] = Implementation(hook, function, options)
    if not found.own and not found.wrappers:
        what = f"the module `{plugin.__name__}`" if isinstance(plugin, ModuleType) else f"an object of {type(plugin)}"
        raise Broken(
            Cause.NOT_A_PLUGIN,
            f"The entry point leads to {what}, which implements no hook.",
            "Let the entry point name the plugin object, and mark its hooks with `@hookimpl`.",
        )
    return found


def check_types(description: ProviderDescription, plugin: object, found: Implementations) -> None:
    """:raises Broken: if the provider offers a type, or a way of serving it, whose hook the plugin does not implement"""
    for kind in description.model_types:
        hook = INVOKE_HOOKS[ModelType(kind)]
        if hook not in found.own:
            unmarked = callable(getattr(plugin, hook, None)) and hook not in found.wrappers
            raise Broken(
                Cause.INCOMPLETE,
                f"The provider `{description.id}` offers models of type {kind}, and the plugin does not implement `{hook}`"
                + (" (there is a function of that name without `@hookimpl`)." if unmarked else "."),
                f"Mark `{hook}` with `@hookimpl`." if unmarked else f"Implement `{hook}`, or leave {kind} out of model_types.",
            )
    if description.dialects and "relay" not in found.own:
        raise Broken(
            Cause.INCOMPLETE,
            f"The provider `{description.id}` names wire dialects, and the plugin does not implement `relay`.",
            "Implement `relay`, or leave `dialects` empty.",
        )


def _unknown(name: str) -> tuple[str, str]:
    near = difflib.get_close_matches(name, HOOKS, n=1)
    advice = f"Did you mean `{near[0]}`?" if near else f"The hooks are: {', '.join(HOOKS)}."
    return f"It implements a hook that does not exist: `{name}`.", (
        f"{advice} A hook of a newer Jackfield is marked `@hookimpl(optionalhook=True)`."
    )


def _check(hook: Hook, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    by_name = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    signature = f"Its signature is `{hook.name}({', '.join(hook.parameters)})`."
    missing = [name for name in hook.parameters if name not in by_name]
    if missing:
        raise Broken(Cause.HOOKS, f"`{hook.name}` does not take the argument {_quoted(missing)} of its spec.", signature)
    unknown = [
        name
        for name, parameter in parameters.items()
        if name not in hook.parameters
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if unknown:
        raise Broken(
            Cause.HOOKS, f"`{hook.name}` asks for the argument {_quoted(unknown)}, which is not in its spec.", signature
        )
    _check_kind(hook, function, options)


def _check_kind(hook: Hook, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    function = inspect.unwrap(function)
    if options.get("hookwrapper"):
        raise Broken(
            Cause.HOOKS,
            f"`{hook.name}` is a wrapper in pluggy's old style (`hookwrapper=True`).",
            "Use `@hookimpl(wrapper=True)`, whose `yield` gives the inner hook's result itself.",
        )
    if options.get("wrapper"):
        if not hook.is_async:
            raise Broken(
                Cause.HOOKS,
                f"It wraps `{hook.name}`, around which nothing stands.",
                "Wrap the hooks that are called for a request.",
            )
        if not inspect.isgeneratorfunction(function):
            raise Broken(
                Cause.HOOKS,
                f"The wrapper of `{hook.name}` is not a generator function.",
                "A wrapper is a plain `def` that yields once and returns an awaitable around what it got.",
            )
        return
    if inspect.isasyncgenfunction(function):
        raise Broken(
            Cause.HOOKS,
            f"`{hook.name}` is an async generator, and must be a coroutine function.",
            f"Move the `yield` into a function of its own and `return` its iterator from `async def {hook.name}`.",
        )
    if inspect.iscoroutinefunction(function) != hook.is_async:
        raise Broken(
            Cause.HOOKS,
            f"`{hook.name}` must be a {'coroutine' if hook.is_async else 'plain'} function.",
            f"Write `{'async def' if hook.is_async else 'def'} {hook.name}({', '.join(hook.parameters)})`.",
        )


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
