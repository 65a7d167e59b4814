"""``guanjia repair`` writes a mended copy, says what it did and asks, and never touches the original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from web.terminal import guanjia

DIALECTS = Path(__file__).parents[1] / "conformance" / "dialects"
LEAVE = DIALECTS / "camunda7-leave-request.bpmn"


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(guanjia, [str(argument) for argument in arguments])


def test_it_prints_what_it_did_and_what_it_asks_and_the_copy_passes_the_check(tmp_path: Path) -> None:
    before, out = LEAVE.read_bytes(), tmp_path / "leave.bpmn"

    done = run("repair", LEAVE, "-o", out, "--json")

    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert set(told) == {"applied", "questions"}
    assert told["applied"]
    assert told["questions"]
    assert all({"code", "element", "message"} <= set(one) for one in told["applied"])
    assert all({"element", "question", "default"} <= set(one) for one in told["questions"])
    assert LEAVE.read_bytes() == before
    assert run("check", out).exit_code == 0
    assert run("dry-run", out).exit_code == 0


@pytest.mark.parametrize(("language", "said"), [("zh_CN.UTF-8", "标为可执行"), ("C", "marked as executable")])
def test_without_json_it_speaks_the_language_of_the_terminal(
    tmp_path: Path, language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    done = run("repair", LEAVE, "--output", tmp_path / "leave.bpmn")
    assert done.exit_code == 0
    assert said in done.output


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"%PDF-1.7", id="no XML"),
        pytest.param(b"<html/>", id="no BPMN"),
        pytest.param(b"<a>" + b" " * 2_000_000 + b"</a>", id="too large"),
    ],
)
def test_what_cannot_be_repaired_is_told_and_nothing_is_written(content: bytes, tmp_path: Path) -> None:
    file, out = tmp_path / "in.bpmn", tmp_path / "out.bpmn"
    file.write_bytes(content)

    done = run("repair", file, "-o", out, "--json")

    assert done.exit_code == 1
    told = json.loads(done.output)
    assert (told["applied"], told["questions"]) == ([], [])
    assert told["findings"][0]["code"]
    assert not out.exists()


def test_bad_usage_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "in.bpmn"
    file.write_bytes(LEAVE.read_bytes())
    link = tmp_path / "link.bpmn"
    link.symlink_to(file)

    assert run("repair", file).exit_code == 2
    assert run("repair", file, "-o", file).exit_code == 2
    assert run("repair", file, "-o", link).exit_code == 2
    assert run("repair", tmp_path / "ghost.bpmn", "-o", tmp_path / "out.bpmn").exit_code == 2
    assert run("repair", file, "-o", tmp_path / "nowhere" / "out.bpmn").exit_code == 2
    assert file.read_bytes() == LEAVE.read_bytes()


def test_a_role_of_the_organisation_does_the_task_of_its_group(tmp_path: Path) -> None:
    out = tmp_path / "visitor.bpmn"
    done = run("repair", DIALECTS / "camunda8-visitor-timer.bpmn", "-o", out, "--json")
    assert done.exit_code == 0
    assert "register" not in {asked["element"] for asked in json.loads(done.output)["questions"]}
    assert "&quot;front_desk&quot;" in out.read_text(encoding="utf-8")
