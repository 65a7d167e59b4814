"""``guanjia masters``: a template, what stands in a master, and bringing a spreadsheet in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook, load_workbook

from engine import Settings, create_person, import_master, open_engine
from engine.domain.facts import SYSTEM
from web.terminal import guanjia

SITE = "tower-a"
UNITS = "单元号,楼栋,Area (m²),状态\n3-1204,A,80,空置\n3-1205,A,120.5,Occupied\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An installation of its own for the command."""
    address = f"sqlite:///{tmp_path / 'house.db'}"
    monkeypatch.setenv("GUANJIA_DATABASE_URL", address)
    monkeypatch.setenv("LANG", "C")
    engine = open_engine(Settings(database_url=address))
    engine.database.upgrade()
    create_person(engine, login="fang", name="王芳", password="correct horse 9", roles=[], admin=True)
    return engine


def run(*arguments: object) -> Result:
    return CliRunner().invoke(guanjia, ["masters", *(str(argument) for argument in arguments)])


def test_a_template_is_filled_in_and_imported_and_the_export_imports_again_as_it_is(
    house, tmp_path: Path
) -> None:
    file, out = tmp_path / "cards.xlsx", tmp_path / "out.xlsx"
    assert run("template", "cards", file).exit_code == 0
    book = load_workbook(file)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert heads[:3] == ["卡号 / Card no.", "卡种 / Kind", "状态 / State"]
    sheet.append(["0001", "临时访客卡 / Visitor card", "在库 / In stock"])
    sheet.append(["0002", "用户卡", "Issued", None, "王芳", "2026-11-02 09:30"])
    book.save(file)

    done = run("import", "cards", file, "--site", SITE, "--by", "fang")
    assert (done.exit_code, done.output) == (0, "2 added, 0 changed, 0 unchanged\n")
    assert run("export", "cards", out, "--site", SITE).exit_code == 0
    again = run("import", "cards", out, "--site", SITE)
    assert again.output == "0 added, 0 changed, 2 unchanged\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_as_csv_in_any_encoding_of_excel(house, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes(UNITS.replace("(m²)", "(m²)").encode(encoding))
    first = run("import", "units", file, "--site", SITE, "--dry-run")
    assert first.output == "would be: 2 added, 0 changed, 0 unchanged\n"
    assert run("import", "units", file, "--site", SITE).output == "2 added, 0 changed, 0 unchanged\n"


def test_what_is_wrong_is_said_by_row_and_column_in_the_language_of_the_terminal(
    house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tenants.csv"
    file.write_text(
        "用户编号,用户中文名称,单元号,入驻日期\nT1,启明,9-9,昨天\nT2,,,2026/1/5\n", encoding="utf-8"
    )
    done = run("import", "tenants", file, "--site", SITE)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "row 2, 入驻日期: “昨天” is no date",
        "row 2, 单元号: Units: there is no 9-9",
        "row 3, 用户中文名称: is needed",
        "Nothing was written.",
    ]
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "第 3 行，用户中文名称：必须填写" in run("import", "tenants", file, "--site", SITE).output


def test_an_empty_number_that_excel_made_of_a_phone_stays_a_phone(house, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["person_no", "姓名", "单位", "电话"])
    book.active.append([1, "王芳", "启明", 13812345678])
    content = BytesIO()
    book.save(content)
    file = tmp_path / "people.xlsx"
    file.write_bytes(content.getvalue())
    assert run("import", "people", file, "--site", SITE).exit_code == 0
    out = tmp_path / "out.xlsx"
    run("export", "people", out, "--site", SITE)
    row = [cell.value for cell in load_workbook(out).worksheets[0][2]]
    assert (row[0], row[6]) == ("1", "13812345678")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["units", "--by", "nobody"], "There is no such person", id="nobody"),
        pytest.param(["stars"], "There is no master of this name", id="no master"),
    ],
)
def test_what_is_not_there_is_said(house, tmp_path: Path, arguments: list[str], said: str) -> None:
    file = tmp_path / "units.csv"
    file.write_text(UNITS, encoding="utf-8")
    master, *options = arguments
    done = run("import", master, file, "--site", SITE, *options)
    assert done.exit_code
    assert said in str(done.exception)


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\0\0old excel", b"\xff\xff\xff"])
def test_what_is_no_table_is_refused(house, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "units.xlsx"
    file.write_bytes(content)
    assert "no Excel workbook" in str(run("import", "units", file, "--site", SITE).exception)


def test_several_sites_want_one_named(house, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(UNITS, encoding="utf-8")
    done = run("import", "units", file)
    assert done.exit_code == 2
    assert "--site" in done.output


def test_a_thousand_rows_come_in_at_once(house) -> None:
    rows = [("单元号", "面积"), *((f"U{n:04}", n) for n in range(1000))]
    done = import_master(house, "units", rows, by=SYSTEM, site=SITE)
    assert done.added == 1000
