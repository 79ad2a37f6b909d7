"""Whether a vendor's answer fits what was asked; the kernel would take what does not fit for the plugin's fault."""

from __future__ import annotations

from jackfield.contract import (
    ModerationRequest,
    ModerationResult,
    RerankRequest,
    RerankResult,
    ServerUnavailable,
    TranscriptionResult,
)


def checked_ranking(result: RerankResult, request: RerankRequest) -> RerankResult:
    """The ranking, best first, cut to `top_n` for a vendor that does not know it.

    :raises ServerUnavailable: if it names a document twice, or one that was not sent
    """
    indexes = [ranked.index for ranked in result.ranking]
    if len(set(indexes)) != len(indexes) or not all(0 <= index < len(request.documents) for index in indexes):
        raise ServerUnavailable("The vendor's ranking names a document twice, or one that was not sent.")
    result.ranking = sorted(result.ranking, key=lambda ranked: -ranked.score)[: request.top_n]
    return result


def checked_verdicts(result: ModerationResult, request: ModerationRequest) -> ModerationResult:
    """:raises ServerUnavailable: if there are more or fewer verdicts than inputs"""
    if len(result.verdicts) != len(request.inputs):
        raise ServerUnavailable(f"The vendor answered {len(request.inputs)} inputs with {len(result.verdicts)} verdicts.")
    return result


def checked_transcription(result: TranscriptionResult) -> TranscriptionResult:
    """:raises ServerUnavailable: if what was heard is no text"""
    if not isinstance(result.text, str):
        raise ServerUnavailable("The vendor's answer is no transcription: its text is none.")
    return result
