"""Whether the `llm` chooser could be asked, by the settings and the environment, or, on request, by asking."""

from collections.abc import Callable, Mapping

from archgraft.agent.doctor.row import Row
from archgraft.agent.errors import UsageError
from archgraft.agent.settings import LlmSettings

MAX_ANSWER_CHARACTERS = 60

Ask = Callable[[LlmSettings], str]
"""Sends one short question to an endpoint and gives its answer; raises `UsageError`."""


def llm_row(llm: LlmSettings, environment: Mapping[str, str], ask: Ask | None) -> Row:
    """The endpoint; nothing is sent unless there is an `ask`. Searches need none: the `prior` chooser has no key."""
    if not llm.model:
        if ask is not None:
            return Row("llm", "fail", "none set, so none was asked", "set llm.model, and llm.base_url for your own")
        return Row("llm", "ok", "none set; the built-in prior chooses (set llm.model to ask an LLM)")
    found = f"{llm.model} at {llm.base_url}"
    if llm.api_key_variable and not environment.get(llm.api_key_variable):
        return Row("llm", "fail", f"{found}; no key", f"export {llm.api_key_variable}=..., or set llm.api_key_variable")
    if ask is None:
        return Row("llm", "ok", f"{found}; not asked (--ask-llm sends it one short question)")
    try:
        answer = ask(llm)
    except UsageError as error:
        return Row("llm", "fail", str(error), "check llm.base_url, llm.model, the key and the network; curl it by hand")
    return Row("llm", "ok", f"{found}; it answered {answer[:MAX_ANSWER_CHARACTERS]!r}")


def ask_endpoint(llm: LlmSettings) -> str:
    """One tiny request to the settings' endpoint. Raises `UsageError` with the cause when it can't be used."""
    from archgraft.agent.choosers.openai_client import connect

    return connect(llm).check()
