"""Choosers by name, and what must be there before a search starts."""

import socket

import pytest

from archgraft.agent.choosers.make import CHOOSERS, make_chooser
from archgraft.agent.errors import UsageError
from archgraft.agent.settings import LlmSettings
from tests.agent.choosers.openai_server import fails, says, serving


def settings_for(url: str) -> LlmSettings:
    return LlmSettings(base_url=url, model="scripted", api_key_variable="", max_retries=0, timeout_seconds=30.0)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.parametrize("name", CHOOSERS)
def test_a_chooser_has_the_name_it_was_asked_for_by(name: str) -> None:
    assert make_chooser(name, settings_for("http://127.0.0.1:9/v1")).name == name


def test_an_unknown_name_lists_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"unknown chooser 'gpt'.*prior, llm"):
        make_chooser("gpt", LlmSettings())


def test_the_prior_needs_nothing() -> None:
    make_chooser("prior", LlmSettings()).check()


def test_a_missing_model_is_named() -> None:
    with pytest.raises(UsageError, match=r"--set llm\.model=NAME"):
        make_chooser("llm", LlmSettings(api_key_variable=""))


def test_a_missing_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(UsageError, match="MY_KEY"):
        make_chooser("llm", LlmSettings(model="m", api_key_variable="MY_KEY"))


def test_an_address_that_is_none_is_said_so() -> None:
    with pytest.raises(UsageError, match="not-an-address"):
        make_chooser("llm", settings_for("not-an-address")).check()


def test_an_endpoint_that_answers_passes_the_check_with_one_request() -> None:
    with serving(says("ready")) as server:
        make_chooser("llm", settings_for(server.url)).check()
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "word"), [(401, "401"), (404, "404"), (500, "500")])
def test_an_endpoint_that_refuses_fails_the_check_and_says_what_to_do(status: int, word: str) -> None:
    with serving(fails(status, "the model does not exist")) as server:
        chooser = make_chooser("llm", settings_for(server.url))
        with pytest.raises(UsageError, match=rf"(?s)'scripted' at {server.url}.*{word}.*search\.chooser=prior"):
            chooser.check()


def test_an_endpoint_out_of_reach_fails_the_check() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(UsageError, match="can't be used"):
        make_chooser("llm", settings_for(f"http://127.0.0.1:{port}/v1")).check()
