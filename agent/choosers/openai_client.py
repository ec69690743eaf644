"""The one door to language models: an endpoint that speaks the OpenAI protocol, through the `openai` package.

The package is imported when a client is made: it takes half a second that nobody without an LLM should pay.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archgraft.agent.errors import UsageError
from archgraft.agent.settings import LlmSettings
from archgraft.prompts.choose import plain_line

if TYPE_CHECKING:
    from openai import OpenAI

_MAX_SANE_TOKENS = 10_000_000
_CHARACTERS_PER_TOKEN = 4
_REJECTED = (400, 404, 415, 422, 501)
"""Status codes of servers that don't know `response_format`."""


class LlmError(RuntimeError):
    """The endpoint gave no usable reply. The message is one plain line without the key."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Tokens are the endpoint's own count; an estimate when it gives none, so that cost is never 0."""

    text: str
    n_input_tokens: int
    n_output_tokens: int


class OpenAiClient:
    """Sends messages to one endpoint and model. May be used from several threads at once."""

    def __init__(self, client: "OpenAI", settings: LlmSettings, key: str) -> None:
        self._client = client
        self._settings = settings
        self._key = key
        self._takes_schema = True

    def complete(self, messages: Sequence[dict[str, str]], schema: dict[str, Any]) -> Reply:
        """The model's reply, asked to follow the schema where the endpoint can. Raises `LlmError`, nothing else."""
        if self._takes_schema:
            try:
                return self._send(messages, _response_format(schema))
            except _RejectedRequestError:
                pass
            reply = self._send(messages, {})
            self._takes_schema = False  # the same request without a schema went well: so it was the schema
            return reply
        return self._send(messages, {})

    def check(self) -> str:
        """Ask the endpoint one short question; its answer, as one plain line.

        Raises `UsageError` when it can't be used as the settings say.
        """
        try:
            reply = self._send([{"role": "user", "content": "Answer with the word: ready"}], {})
            return plain_line(reply.text, 200)
        except LlmError as error:
            place = f"model {self._settings.model!r} at {self._settings.base_url}"
            advice = "Check llm.base_url, llm.model and the key, or use the prior: --set search.chooser=prior"
            raise UsageError(f"the LLM endpoint can't be used ({place}): {error}. {advice}") from None

    def _send(self, messages: Sequence[dict[str, str]], extra: dict[str, Any]) -> Reply:
        import openai

        if self._settings.temperature is not None:
            extra = {**extra, "temperature": self._settings.temperature}
        try:
            # Any, as the package's types promise what a server need not keep.
            create: Any = self._client.chat.completions.create
            completion = create(model=self._settings.model, messages=list(messages), **extra)
        except openai.APIStatusError as error:
            kind = _RejectedRequestError if error.status_code in _REJECTED else LlmError
            raise kind(self._described(error)) from None
        except openai.APITimeoutError:
            raise LlmError(f"no reply within {self._settings.timeout_seconds:g} s") from None
        except Exception as error:  # noqa: BLE001 - the LLM boundary: a server may send anything, the search goes on
            raise LlmError(self._described(error.__cause__ or error)) from None
        return _reply(completion, messages)

    def _described(self, error: BaseException) -> str:
        text = f"{type(error).__name__}: {error}"
        return plain_line(text.replace(self._key, "***") if self._key else text, 200)


class _RejectedRequestError(LlmError):
    """The endpoint refused the request as such."""


def connect(settings: LlmSettings) -> OpenAiClient:
    """A client for the settings' endpoint. Raises `UsageError` when the model or the key is missing."""
    if not settings.model:
        raise UsageError("the llm chooser needs a model: --set llm.model=NAME, as the endpoint knows it")
    key = os.environ.get(settings.api_key_variable, "") if settings.api_key_variable else ""
    if settings.api_key_variable and not key:
        raise UsageError(
            f"the llm chooser needs a key in the environment variable {settings.api_key_variable} "
            "(llm.api_key_variable); for an endpoint without keys: --set llm.api_key_variable="
        )
    return OpenAiClient(_openai(settings, key), settings, key)


def _openai(settings: LlmSettings, key: str) -> "OpenAI":
    from openai import OpenAI

    from archgraft.agent.choosers.bounded import bounded_client

    try:
        return OpenAI(
            base_url=settings.base_url,
            api_key=key or "none",
            timeout=settings.timeout_seconds,
            max_retries=settings.max_retries,
            http_client=bounded_client(settings.timeout_seconds),
            default_headers={"Accept-Encoding": "identity"},
        )
    except ValueError as error:
        raise UsageError(f"llm.base_url {settings.base_url!r} is no address: {error}") from None


def _response_format(schema: dict[str, Any]) -> dict[str, Any]:
    wrapped = {"name": "choice", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": wrapped}}


def _reply(completion: Any, messages: Sequence[dict[str, str]]) -> Reply:
    """The parts that matter of whatever the server sent; the package doesn't validate replies."""
    try:
        content, usage = completion.choices[0].message.content, completion.usage
    except (AttributeError, IndexError, KeyError, TypeError):
        raise LlmError("the reply is no chat completion") from None
    if not isinstance(content, str | None):
        raise LlmError(f"the reply's content is no text but {type(content).__name__}")
    text = content or ""
    n_asked = sum(len(message["content"]) for message in messages)
    return Reply(
        text,
        _tokens(getattr(usage, "prompt_tokens", None), n_asked),
        _tokens(getattr(usage, "completion_tokens", None), len(text)),
    )


def _tokens(counted: object, n_characters: int) -> int:
    sane = isinstance(counted, int) and not isinstance(counted, bool) and 0 <= counted <= _MAX_SANE_TOKENS
    return counted if sane and isinstance(counted, int) else 1 + n_characters // _CHARACTERS_PER_TOKEN
