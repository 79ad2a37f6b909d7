"""One hook of one provider, ready to be called: the owner's implementation, and around it the wrappers of other plugins."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from typing import Any, Final

from jackfield.contract import CallContext, LLMRequest, RelayResponse, SpeechResult, Timeout, hookimpl

from .faults import Blame
from .hooks import Hook
from .implementations import Implementation
from .patience import Patience
from .results import CHECKS, WrongResult, name_of
from .streams import ByteStream, EventStream, GuardedStream

_STREAMING: Final = frozenset({"invoke_llm", "invoke_text_to_speech", "relay"})


class Layer:
    """One plugin's part in a call: runs it, checks what it answers, names the plugin in what goes wrong."""

    __slots__ = ("_check", "_streams", "blame", "hook")

    def __init__(self, hook: Hook, blame: Blame) -> None:
        self.hook = hook
        self.blame = blame
        self._check = CHECKS[hook.name]
        self._streams = hook.name in _STREAMING

    async def run(self, function: Callable[..., Awaitable[Any]], arguments: Mapping[str, Any], request: Any) -> Any:
        """:param request: what the answer is checked against; None where the hook has none"""
        context: CallContext = arguments["context"]
        result = None
        try:
            result = await function(**arguments)
            self._check(result, request)
        except WrongResult as wrong:
            await _discard(result)
            raise self.blame.fault(f"answered {wrong}", context, model_of(arguments)) from None
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self.blame.raise_for(error, context, model_of(arguments))
        except BaseException as error:
            self.blame.raise_for(error, context, model_of(arguments))
        return self._guard(result, request, context) if self._streams else result

    def _guard(self, result: Any, request: Any, context: CallContext) -> Any:
        if isinstance(result, RelayResponse):
            if not isinstance(result.body, bytes):
                result.body = ByteStream(result.body, self.blame, context, request.model)
        elif isinstance(result, SpeechResult):
            result.audio = ByteStream(result.audio, self.blame, context, request.model)
        elif isinstance(request, LLMRequest) and request.stream:
            return EventStream(result, self.blame, context, request.model)
        return result


class Call:
    """What a wrapper gets from its `yield`: an awaitable of which nothing runs before it is awaited."""

    __slots__ = ("_inner", "_start")

    def __init__(self, start: Callable[[], Awaitable[Any]], inner: object = None) -> None:
        self._start = start
        self._inner = inner

    def __await__(self) -> Generator[Any, None, Any]:
        return self._start().__await__()

    def close(self) -> None:
        """It will not be awaited."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()


def owner_shim(layer: Layer, implementation: Implementation) -> Callable[..., Any]:
    """The owner's implementation as pluggy is to call it inside wrappers."""

    def shim(*values: Any) -> Call:
        arguments = dict(zip(layer.hook.parameters, values, strict=True))
        return Call(lambda: layer.run(implementation.function, arguments, arguments.get("request")))

    return _mark(shim, layer.hook, {})


def wrapper_shim(layer: Layer, implementation: Implementation) -> Callable[..., Any]:
    """A wrapper as pluggy is to call it: whatever it does wrong is named after it, not after what it stands around."""

    def shim(*values: Any) -> Generator[None, Any, Call]:
        arguments = dict(zip(layer.hook.parameters, values, strict=True))
        generator = _begin(layer, implementation, arguments)
        try:
            call: Call = yield
        except BaseException:
            generator.close()
            raise
        try:
            awaitable = _finish(layer, generator, call, arguments)
        except BaseException:
            call.close()
            raise

        async def inner(**_: Any) -> Any:
            return await awaitable

        return Call(lambda: layer.run(inner, arguments, arguments.get("request")), awaitable)

    return _mark(shim, layer.hook, implementation.options)


def _begin(layer: Layer, implementation: Implementation, arguments: Mapping[str, Any]) -> Generator[Any, Any, Any]:
    """The wrapper's generator, at its `yield`."""
    try:
        generator: Generator[Any, Any, Any] = implementation.function(**arguments)
        next(generator)
    except StopIteration:
        raise layer.blame.fault("did not yield", arguments["context"], model_of(arguments)) from None
    except BaseException as error:
        layer.blame.raise_for(error, arguments["context"], model_of(arguments))
    return generator


def _finish(layer: Layer, generator: Generator[Any, Any, Any], call: Call, arguments: Mapping[str, Any]) -> Awaitable[Any]:
    """What the wrapper puts around the call."""
    context: CallContext = arguments["context"]
    try:
        generator.send(call)
    except StopIteration as stop:
        if inspect.isawaitable(stop.value):
            return stop.value
        what = f"answered {name_of(stop.value)} instead of an awaitable around the call"
        raise layer.blame.fault(what, context, model_of(arguments)) from None
    except BaseException as error:
        layer.blame.raise_for(error, context, model_of(arguments))
    generator.close()
    raise layer.blame.fault("yielded more than once", context, model_of(arguments))


def _mark(shim: Callable[..., Any], hook: Hook, options: Mapping[str, Any]) -> Callable[..., Any]:
    """Make pluggy see the spec's parameters, and the order that the author asked for."""
    vars(shim)["__wrapped__"] = hook.spec
    keep = {name: bool(options.get(name)) for name in ("wrapper", "tryfirst", "trylast")}
    return hookimpl(**keep)(shim)  # type: ignore[call-overload, no-any-return]


class BoundCall:
    """A hook of a provider with everything in place that can be known before the call.

    :param around: pluggy's caller for the hook, where wrappers stand around it
    """

    __slots__ = ("_around", "_function", "_layer", "wrapped_by")

    def __init__(
        self, layer: Layer, implementation: Implementation, around: Callable[..., Any] | None, wrapped_by: tuple[str, ...]
    ) -> None:
        self._layer = layer
        self._function = implementation.function
        self._around = around
        self.wrapped_by = wrapped_by

    async def __call__(self, arguments: dict[str, Any], request: Any = None) -> Any:
        """:param arguments: the hook's, by name
        :param request: the one among them, if there is one
        """
        context: CallContext = arguments["context"]
        patience = Patience()
        deadline = patience.begin(None, context.timeout)
        stream = None
        try:
            if self._around is None:
                result = await self._layer.run(self._function, arguments, request)
            else:
                if request is not None:  # a wrapper may change it; other attempts have their own
                    arguments["request"] = copy.deepcopy(request)
                result = await self._around(**arguments)
            stream = _stream_in(result)
            if stream is not None:
                stream.watch(patience, deadline)
        except asyncio.CancelledError:
            if not patience.ran_out():
                raise
            late = Timeout(f"The vendor did not answer within {context.timeout:g} s.")
            raise self._layer.blame.name(late, context, model_of(arguments)) from None
        finally:
            if stream is None:
                patience.stop()
            else:
                patience.end()
        return result


def _stream_in(result: Any) -> GuardedStream[Any] | None:
    if isinstance(result, GuardedStream):
        return result
    inner = result.body if isinstance(result, RelayResponse) else result.audio if isinstance(result, SpeechResult) else None
    return inner if isinstance(inner, GuardedStream) else None


async def _discard(result: Any) -> None:
    """A wrong result may hold a connection all the same."""
    close = getattr(result, "aclose", None)
    if close is not None and isinstance(result, AsyncIterator):
        await close()


def model_of(arguments: Mapping[str, Any]) -> str | None:
    """The model that a call is about, by its arguments."""
    model = arguments.get("model") or getattr(arguments.get("request"), "model", None)
    return model if isinstance(model, str) else None
