import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from archgraft.agent.choosers.protocol import Answer
from archgraft.agent.errors import UsageError
from archgraft.agent.report.build import build_report
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.records import Candidate, Compute
from tests.agent.synthetic import SyntheticRun, edit_of, question_of, result_of, run_info, tree_of, write_run


class Reader(HTMLParser):
    """Collects a page's elements and its visible text; fails on elements that don't match up."""

    VOID = ("meta", "br", "line", "circle", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data
        if tag == "script" and attributes.get("type") == "application/json":
            self.data[attributes["id"] or ""] = self.data.get(attributes["id"] or "", "") + data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def read(folder: Path) -> Reader:
    return Reader(build_report(folder).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return read(write_run(tmp_path_factory.mktemp("run"), 40))


def test_the_headline_gives_both_scores_the_interval_and_the_verdict(report: Reader) -> None:
    assert re.search(r"Accuracy from 8\d\.\d\d % to 9\d\.\d\d %", report.words)
    assert re.search(r"beyond seed noise \+\d\.\d\d points with a 95 % interval of \+\d", report.words)
    assert "over 3 paired seeds on the sealed test split" in report.words
    assert "The sealed test split was opened once, after the search, for these 6 evaluations." in report.words


def test_every_part_of_the_report_is_there(report: Reader) -> None:
    sections = {attributes.get("id") for tag, attributes in report.tags if tag == "section"}
    assert sections == {"progress", "front", "lineage", "edits", "failures", "cascade", "cost", "settings"}
    assert "mat1 and mat2 shapes cannot be multiplied" in report.words
    assert "By module family" in report.words
    assert run_info().command in report.words


def test_the_page_fetches_nothing(report: Reader) -> None:
    loading = [
        name for _, attributes in report.tags for name in attributes if name in ("src", "srcset", "data", "action")
    ]
    links = [attributes["href"] for tag, attributes in report.tags if tag == "a"]
    assert loading == []
    assert all(link is not None and link.startswith("#") for link in links)
    assert not any(tag in ("link", "iframe", "img", "base") for tag, _ in report.tags)
    policies = [
        attributes for _, attributes in report.tags if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in (policies[0]["content"] or "")


def test_links_and_switches_lead_somewhere(report: Reader) -> None:
    ids = {attributes.get("id") for _, attributes in report.tags}
    for _, attributes in report.tags:
        for name in ("data-show", "data-figure", "data-for"):
            assert name not in attributes or attributes[name] in ids
        href = attributes.get("href")
        assert href is None or href.removeprefix("#") in ids


def test_the_curve_holds_every_attempt_and_only_climbs(report: Reader) -> None:
    traces = json.loads(report.data["curve-attempts"])["data"]
    dots = [x for trace in traces if trace["mode"] == "markers" for x in trace["x"]]
    (best,) = (trace["y"] for trace in traces if trace["name"] == "best so far")
    assert sorted(dots) == list(range(41))
    assert best == sorted(best)


def test_what_candidates_and_choosers_wrote_is_escaped(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    with open_run(tmp_path, run_info(model=evil, settings={evil: evil})) as store:
        run = SyntheticRun(store)
        run.rootstock()
        question = question_of(1, 0, "swap", evil)
        store.record_proposal(replace(question, plan=replace(question.plan, reason=evil)))
        store.record_answer(1, Answer(0, evil, evil))
        source = f"# {evil}\ndef build_model(): ..."
        tree = tree_of(source)
        store.record_candidate(Candidate(1, 0, "swap", edit_of("swap"), "aa", source, "build_model()", tree))
        store.record_result(run.attempt(1, 0, "swap", evil, result_of(95.0, 9000), 4.0), Compute())
        store.record_event("note", evil)
    report = read(tmp_path)
    assert report.words.count("alert(1)") >= 5
    assert not any(tag == "img" for tag, _ in report.tags)
    assert sum(tag == "script" for tag, _ in report.tags) == len(report.data) + 2
    told = json.loads(report.data["curve-attempts"])["data"][1]["hovertext"]
    assert "<script>" not in "".join(told)
    assert "&lt;script&gt;" in "".join(told)


def test_a_run_without_finals_says_that_it_is_not_confirmed(tmp_path: Path) -> None:
    report = read(write_run(tmp_path, 10, finals=False))
    assert "not confirmed yet" in report.words
    assert "The sealed test split has not been used." in report.words


def test_a_run_in_which_nothing_helped_says_so(tmp_path: Path) -> None:
    report = read(write_run(tmp_path, 0, finals=False))
    assert "No attempt beat the rootstock" in report.words
    assert "lineage" not in {attributes.get("id") for _, attributes in report.tags}


def test_a_run_that_has_just_begun_has_a_page_too(tmp_path: Path) -> None:
    open_run(tmp_path, run_info()).close()
    assert "No score yet" in read(tmp_path).words


def test_no_run_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        build_report(tmp_path)
