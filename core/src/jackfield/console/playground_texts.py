"""What the playground's scripts say, in English; the page hands it to them in the reader's language."""

from __future__ import annotations

from .translations import mark

TEXTS = {
    "you": mark("You"),
    "reasoning": mark("Reasoning"),
    "result": mark("What the tool answers"),
    "goOn": mark("Send results"),
    "regenerate": mark("Regenerate"),
    "copy": mark("Copy"),
    "speak": mark("Read aloud"),
    "remove": mark("Remove"),
    "stopped": mark("Stopped."),
    "tooLong": mark("The answer was cut off at its longest length. Raise `max_tokens` to get more."),
    "filtered": mark("The vendor's content filter stopped the answer."),
    "broke": mark("The answer broke off. Regenerate to try again."),
    "offline": mark("The host was not reached. What you wrote is still here: check the connection, then regenerate."),
    "failed": mark("The host could not do this. Try again; if it goes on, its log says why."),
    "signIn": mark("Your session has ended. Sign in again, then regenerate: what you wrote is still here."),
    "tokens": mark("{input} tokens in, {output} out"),
    "timing": mark("first words after {first} s, all after {all} s"),
    "badTools": mark("The tools are not a JSON list. Correct them and send again."),
    "badJson": mark("`{name}` is not JSON."),
    "noVision": mark("{model} cannot take this kind of file ({file})."),
    "modelDefault": mark("the model's default"),
    "on": mark("on"),
    "off": mark("off"),
    "untitled": mark("New conversation"),
    "record": mark("Speak"),
    "stopRecording": mark("Stop recording"),
    "transcribing": mark("Writing down what you said…"),
    "noMicrophone": mark("The browser gave no microphone. Allow it for this site, or attach a recording instead."),
    "embedding": mark("Embedding passage {done} of {all}…"),
    "ranking": mark("Ranking…"),
    "passages": mark("{count} passages"),
    "nothing": mark("Put in some text and a question first."),
    "moved": mark("was {place}"),
    "score": mark("score {score}"),
}
