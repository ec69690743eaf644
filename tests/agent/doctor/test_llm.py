import pytest

from archgraft.agent.doctor.llm import ask_endpoint, llm_row
from archgraft.agent.settings import LlmSettings
from tests.agent.choosers.openai_server import fails, says, serving

KEYLESS = LlmSettings(model="m", api_key_variable="", max_retries=0)


def never(llm: LlmSettings) -> str:
    raise AssertionError(f"{llm.model} was asked")


def test_a_model_without_its_key_fails_and_names_the_variable() -> None:
    row = llm_row(LlmSettings(model="some-model", api_key_variable="SOME_KEY"), {}, never)
    assert row.state == "fail"
    assert "SOME_KEY" in row.advice


@pytest.mark.parametrize(("variable", "environment"), [("SOME_KEY", {"SOME_KEY": "x"}), ("", {})])
def test_a_model_with_its_key_or_without_need_of_one_is_ok(variable: str, environment: dict[str, str]) -> None:
    row = llm_row(LlmSettings(model="m", api_key_variable=variable), environment, None)
    assert row.state == "ok"
    assert "--ask-llm" in row.found


def test_no_model_is_fine_unless_it_should_be_asked() -> None:
    assert llm_row(LlmSettings(), {}, None).state == "ok"
    assert llm_row(LlmSettings(), {}, never).state == "fail"


def test_an_endpoint_that_is_asked_shows_its_answer_or_the_cause() -> None:
    with serving(says("ready\x1b[2J, " + "x" * 500), fails(401, "bad key")) as server:
        llm = LlmSettings(model="m", api_key_variable="", max_retries=0, base_url=server.url)
        good, bad = (llm_row(llm, {}, ask_endpoint) for _ in range(2))
    assert good.state == "ok"
    assert "it answered 'ready" in good.found
    assert good.found.isprintable()
    assert len(good.found) < 200
    assert (bad.state, "bad key" in bad.found) == ("fail", True)
    gone = llm_row(llm, {}, ask_endpoint)
    assert (gone.state, server.url in gone.found) == ("fail", True)
    assert "network" in gone.advice
