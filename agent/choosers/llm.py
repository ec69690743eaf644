"""A language model as chooser: it answers a closed question, and whatever it says, a valid option comes out (law 3)."""

import string
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from archgraft.agent.choosers.json_objects import objects_in
from archgraft.agent.choosers.openai_client import LlmError, OpenAiClient, Reply
from archgraft.agent.choosers.patience import Patience
from archgraft.agent.choosers.prior import prior_shares
from archgraft.agent.choosers.protocol import Answer, Chooser, Question
from archgraft.agent.settings import LlmSettings
from archgraft.prompts.choose import answer_schema, plain_line, render, render_retry

_MAX_REASON = 200
_MAX_QUOTED = 500


class _Choice(BaseModel):
    """The answer's form; anything more, less or else is invalid."""

    model_config = ConfigDict(strict=True, extra="forbid")
    option: str
    reason: str


class InvalidAnswerError(ValueError):
    """The model's answer can't be used; the message tells it, and the run's record, why."""


class LlmChooser:
    """Asks the model; asks once more when the answer is invalid; then lets the prior choose, and says why."""

    name = "llm"

    def __init__(self, client: OpenAiClient, settings: LlmSettings, fallback: Chooser, patience: Patience) -> None:
        self._client = client
        self._settings = settings
        self._fallback = fallback
        self._patience = patience

    def check(self) -> None:
        """Make sure before a search that the endpoint answers. Raises `UsageError`."""
        self._client.check()

    def choose(self, question: Question, generator: np.random.Generator) -> Answer:
        """Pick one of the options. Never raises for anything that the endpoint does."""
        began = time.monotonic()
        # Drawn first and always: the generator's later draws don't depend on the endpoint.
        drawn = self._fallback.choose(question, generator)
        spared = self._patience.spare()
        if spared is not None:
            return replace(drawn, chooser=self.name, fallback=spared)
        replies: list[Reply] = []
        answer = self._answer_or(drawn, question, replies)
        return replace(
            answer,
            chooser=self.name,
            n_input_tokens=sum(reply.n_input_tokens for reply in replies),
            n_output_tokens=sum(reply.n_output_tokens for reply in replies),
            usd=sum(self._usd(reply) for reply in replies),
            wall_seconds=time.monotonic() - began,
        )

    def _answer_or(self, drawn: Answer, question: Question, replies: list[Reply]) -> Answer:
        """The model's answer, or what the prior has drawn with the reason why it was needed."""
        try:
            answer = self._answer(question, replies)
        except LlmError as error:
            self._patience.failed()
            return replace(drawn, fallback=plain_line(str(error), _MAX_REASON))
        except InvalidAnswerError as error:
            answer = replace(drawn, fallback=plain_line(str(error), _MAX_REASON))
        self._patience.succeeded()
        return answer

    def _answer(self, question: Question, replies: list[Reply]) -> Answer:
        options = _options(question)
        messages = render(_as_data(question, options))
        ids = [option["id"] for option in options]
        schema = answer_schema(ids)
        replies.append(self._client.complete(messages, schema))
        try:
            return _checked(replies[0].text, ids)
        except InvalidAnswerError as error:
            said = {"role": "assistant", "content": plain_line(replies[0].text, _MAX_QUOTED) or "(nothing)"}
            again = [*messages, said, render_retry(str(error), options)]
        replies.append(self._client.complete(again, schema))
        return _checked(replies[1].text, ids)

    def _usd(self, reply: Reply) -> float:
        inputs = reply.n_input_tokens * self._settings.usd_per_million_input_tokens
        return (inputs + reply.n_output_tokens * self._settings.usd_per_million_output_tokens) / 1e6


def _options(question: Question) -> list[dict[str, Any]]:
    """The options as the prompt shows them; letters as ids, which no number in a label can be taken for."""
    shares = prior_shares(question)
    return [
        {
            "id": string.ascii_lowercase[place],
            "label": option.label,
            "parameter_change": option.parameter_change,
            "prior_percent": 100 * shares[place],
        }
        for place, option in enumerate(question.plan.options)
    ]


def _as_data(question: Question, options: list[dict[str, Any]]) -> dict[str, Any]:
    plan = question.plan
    return {
        "task": question.task,
        "parent_summary": question.parent_summary,
        "history": question.history,
        "operator": plan.operator,
        "depth_band": plan.depth_band,
        "family": plan.family,
        "options": options,
    }


def _checked(text: str, ids: Sequence[str]) -> Answer:
    """The answer that the text holds. Raises `InvalidAnswerError`."""
    found = next(objects_in(text), None)
    if found is None:
        raise InvalidAnswerError(f"no JSON object in {plain_line(text, 80)!r}")
    try:
        choice = _Choice.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidAnswerError(plain_line(f"{place}: {first['msg']}", _MAX_REASON)) from None
    if choice.option not in ids:
        raise InvalidAnswerError(f"option {plain_line(choice.option, 40)!r} is not one of {', '.join(ids)}")
    return Answer(list(ids).index(choice.option), plain_line(choice.reason, _MAX_REASON), LlmChooser.name)
