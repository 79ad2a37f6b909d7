"""The one error tree: whatever goes wrong with a call is one of these, whoever raised it.

Every error says what went wrong (`message`), whose fault it is (`fault`), what to do next (`advice`), and how the HTTP
surfaces answer (`status`, RFC 9110). `retryable` tells the host whether the same call may succeed when it is sent again,
to this credential or to another. No error carries a key: plugins pass vendor text through the SDK's redaction first.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

Fault = Literal["caller", "workspace", "vendor", "plugin", "host"]


class JackfieldError(Exception):
    """The root of the tree. Class attributes are the defaults of a kind; an instance may say more.

    :param message: what went wrong, one sentence, fit to be shown to the caller
    :param advice: what to do next, one sentence
    :param status: the HTTP status, where this instance differs from its class
    :param param: the request parameter or form field at fault, in the caller's own words
    :param vendor_message: the vendor's text, already redacted
    :param vendor_code: the vendor's machine-readable code
    :param vendor_status: the HTTP status that the vendor answered with
    :param request_id: the vendor's id of the request, for its support
    :param retry_after: seconds after which the vendor said the call may be sent again
    :param provider: the provider's id; the kernel fills it in
    :param model: the model's id; the kernel fills it in
    """

    code: ClassVar[str] = "error"
    fault: Fault = "host"
    status: int = 500
    retryable: bool = False
    advice: str = "Look at the host's log for the cause."

    def __init__(
        self,
        message: str,
        *,
        advice: str | None = None,
        status: int | None = None,
        fault: Fault | None = None,
        param: str | None = None,
        vendor_message: str | None = None,
        vendor_code: str | None = None,
        vendor_status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        provider: str | None = None,
        model: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if advice is not None:
            self.advice = advice
        if status is not None:
            self.status = status
        if fault is not None:
            self.fault = fault
        self.param = param
        self.vendor_message = vendor_message
        self.vendor_code = vendor_code
        self.vendor_status = vendor_status
        self.request_id = request_id
        self.retry_after = retry_after
        self.provider = provider
        self.model = model

    def describe(self) -> dict[str, Any]:
        """The error as JSON, members without a value left out."""
        members = {
            "code": self.code,
            "message": self.message,
            "fault": self.fault,
            "advice": self.advice,
            "status": self.status,
            "retryable": self.retryable,
            "param": self.param,
            "provider": self.provider,
            "model": self.model,
            "vendor_message": self.vendor_message,
            "vendor_code": self.vendor_code,
            "vendor_status": self.vendor_status,
            "request_id": self.request_id,
            "retry_after": self.retry_after,
        }
        return {name: value for name, value in members.items() if value is not None}


_CONTENT = frozenset({"messages", "input", "file", "documents"})
"""Members that hold what the model is asked about, and not how."""


class BadRequest(JackfieldError):
    """The request is malformed, or asks for what the model cannot do; `param` names the member at fault."""

    code = "bad_request"
    fault: Fault = "caller"
    status = 400
    advice = "Correct the request and send it again."


class UnsupportedParameter(BadRequest):
    """A parameter that the model does not take. `param` names it; a caller may ask to have such parameters dropped."""

    code = "unsupported_parameter"
    advice = (
        "Leave the parameter out, or have it dropped: by the header `x-jackfield-drop-params: true`, in Python by "
        "`drop_unsupported=True`."
    )

    def __init__(self, message: str, **rest: Any) -> None:
        super().__init__(message, **rest)
        if self.param in _CONTENT and rest.get("advice") is None:  # what is to be answered is never dropped
            self.advice = "Send it in another form, or choose a model that takes it."


class ContextLengthExceeded(BadRequest):
    """The input and the asked-for output do not fit the model's context window."""

    code = "context_length_exceeded"
    advice = "Shorten the input, ask for less output, or choose a model with a larger context window."


class RequestTooLarge(BadRequest):
    """The body or a file in it is larger than the host or the vendor takes."""

    code = "request_too_large"
    status = 413
    advice = "Send less in one request."


class ContentRefused(BadRequest):
    """The vendor's content filter refused the input or the output."""

    code = "content_refused"
    advice = "Change the input; the vendor's content policy refuses it as it is."


class Unauthenticated(JackfieldError):
    """The caller's own Jackfield key or session is missing, unknown, expired or revoked."""

    code = "unauthenticated"
    fault: Fault = "caller"
    status = 401
    advice = "Send a valid Jackfield API key as `Authorization: Bearer …`."


class PermissionDenied(JackfieldError):
    """The key or the credential is good but may not do this."""

    code = "permission_denied"
    fault: Fault = "workspace"
    status = 403
    advice = "Use a key that has this permission, or ask the workspace's owner for it."


class CredentialsInvalid(JackfieldError):
    """A vendor credential is wrong, expired, or incomplete. `param` names the form field at fault, where that is known.

    `problems` maps every field at fault to a sentence, where a form was checked as a whole.
    """

    code = "credentials_invalid"
    fault: Fault = "workspace"
    status = 422
    advice = "Correct the credential under Settings > Model providers."

    def __init__(self, message: str, *, problems: dict[str, str] | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.problems = problems or ({self.param: message} if self.param else {})

    def describe(self) -> dict[str, Any]:
        described = super().describe()
        return described | {"problems": self.problems} if self.problems else described


class CredentialsMissing(JackfieldError):
    """No credential of this provider can serve the call: none was added, or all are disabled."""

    code = "credentials_missing"
    fault: Fault = "workspace"
    status = 422
    advice = "Add a credential under Settings > Model providers."


class NotFound(JackfieldError):
    """What the caller named does not exist, or belongs to another workspace."""

    code = "not_found"
    fault: Fault = "caller"
    status = 404
    advice = "Check the name."


class ModelNotFound(NotFound):
    """No such model, alias, default or provider; or the credential does not reach it."""

    code = "model_not_found"
    advice = "List the models with GET /v1/models or `jackfield models`."


class Conflict(JackfieldError):
    """What the caller wants to make exists already, or was changed by somebody else meanwhile."""

    code = "conflict"
    fault: Fault = "caller"
    status = 409
    advice = "Choose another name, or read the current state and try again."


class RateLimited(JackfieldError):
    """Too many requests or tokens in a time; `retry_after` says when, where it is known."""

    code = "rate_limited"
    fault: Fault = "vendor"
    status = 429
    retryable = True
    advice = "Wait and send the request again."


class QuotaExceeded(JackfieldError):
    """A trial, a budget, or the account at the vendor is spent. Waiting does not help."""

    code = "quota_exceeded"
    fault: Fault = "workspace"
    status = 429
    advice = "Add a credential of your own under Settings > Model providers, or raise the budget."


class ServerUnavailable(JackfieldError):
    """The vendor answered that it cannot answer now (5xx, overloaded), or with what no answer looks like."""

    code = "server_unavailable"
    fault: Fault = "vendor"
    status = 503
    retryable = True
    advice = "Send the request again later, or choose another model."


class ConnectionFailed(JackfieldError):
    """The vendor was not reached, or the connection broke, half-way through a stream as well."""

    code = "connection_failed"
    fault: Fault = "vendor"
    status = 502
    retryable = True
    advice = "Check the base URL and the network between host and vendor, and send the request again."


class Timeout(JackfieldError):
    """The vendor did not answer in time."""

    code = "timeout"
    fault: Fault = "vendor"
    status = 504
    retryable = True
    advice = "Send the request again, ask for less, or raise the timeout."


class PluginFault(JackfieldError):
    """A plugin broke the contract: a stray exception, or a result of the wrong type. Names plugin and hook."""

    code = "plugin_fault"
    fault: Fault = "plugin"
    status = 500
    advice = "Report it to the plugin's author; `jackfield plugins` shows the plugin's version and author."

    def __init__(self, message: str, *, plugin: str, hook: str | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.plugin = plugin
        self.hook = hook

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"plugin": self.plugin} | ({"hook": self.hook} if self.hook else {})


class MissingExtra(JackfieldError):
    """A model needs a package that is not installed; `advice` holds the command that installs it."""

    code = "missing_extra"
    fault: Fault = "host"
    status = 501


class HostFault(JackfieldError):
    """The host itself failed: its database, its key file, its configuration."""

    code = "host_fault"
