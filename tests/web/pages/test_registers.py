"""Registers: as a table, as the printed form, as a workbook, with the entries behind a row."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from engine import actor_of, bring_in, case_view, register_view

REGISTER = "/registers/complaints"


@pytest.fixture(scope="module")
def complaints(office) -> dict[str, int]:
    """A complaint, one that is not valid, and one whose words look like a formula."""
    base = {
        "channel": "phone",
        "contact": "13800138000",
        "complaint_time": "2026-11-02T09:30",
        "valid": "valid",
        "content": "空调漏水",
    }
    letter = {"channel": "letter", "letter_bearer": "小周", "unit_no": "B-0702"}
    formula = {"complainant": "=HYPERLINK(1)", "company": "+1+1", "content": "=cmd|' /C calc'!A0"}
    return {
        "one": office.complaint(answers={**base, "complainant": "王芳", "company": "晨星科技"}),
        "letter": office.complaint(answers={**base, **letter, "complainant": "孙磊", "company": "博雅咨询"}),
        "formula": office.complaint(answers={**base, **formula}),
    }


def number(office, case: int) -> str:
    return case_view(office.engine, case, actor_of(office.people["root"])).number


def sheet_of(browser, query: str = ""):
    answer = browser.get(f"{REGISTER}/export.xlsx{query}")
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.data)).active


def test_the_registers_that_i_may_read_are_listed(complaints, browse) -> None:
    assert f'href="{REGISTER}"' in browse("lina").get("/registers").text
    assert f'href="{REGISTER}"' not in browse("caiwu").get("/registers").text


def test_a_master_is_read_searched_and_exported_like_a_register(office, browse) -> None:
    rows = [
        {"tenant_no": "T1", "name": "启明科技", "contact_phone": "13812345678", "since": "2026-01-05"},
        {"tenant_no": "T2", "name": "远航设计", "contact_phone": "13900001111"},
    ]
    bring_in(office.engine, "tenants", office.site, rows)
    lina = browse("lina")
    assert 'href="/registers/tenants"' in lina.get("/registers").text
    page = lina.get("/registers/tenants?q=qmkj").text
    assert "启明科技" in page
    assert "远航设计" not in page
    assert "13812345678" in page
    veiled = browse("caiwu").get("/registers/tenants").text
    assert "138****5678" in veiled
    assert "13812345678" not in veiled
    row = register_view(office.engine, "tenants", actor_of(office.people["lina"]), sort="name").page.rows[0]
    assert row.values["name"] in lina.get(f"/registers/tenants/rows/{row.id}").text
    assert lina.get("/registers/tenants/export.xlsx").status_code == 200
    assert "远航设计" in lina.get("/registers/tenants/print").text


def test_a_register_of_others_is_refused(complaints, browse) -> None:
    assert browse("caiwu").get(REGISTER).status_code == 403


@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        pytest.param("?q=孙磊", "letter", "one", id="by words"),
        pytest.param("?f_channel=letter", "letter", "one", id="by a choice"),
        pytest.param("?f_channel=phone", "one", "letter", id="by another choice"),
    ],
)
def test_rows_are_found(complaints, office, browse, query: str, found: str, not_found: str) -> None:
    page = browse("zhuguan").get(REGISTER + query).text
    assert number(office, complaints[found]) in page
    assert number(office, complaints[not_found]) not in page


def test_nothing_found_says_so_and_offers_all(complaints, browse) -> None:
    page = browse("zhuguan").get(f"{REGISTER}?q=没有这样的词").text
    assert "没有符合条件的登记" in page


def test_a_column_sorts_both_ways(complaints, browse) -> None:
    browser = browse("zhuguan")
    up, down = (browser.get(f"{REGISTER}?sort={sort}").text for sort in ("case", "-case"))
    assert 'aria-sort="ascending"' in up
    assert 'aria-sort="descending"' in down
    cases = [part[:13] for part in up.split(">TS-")[1:]]
    assert cases == [part[:13] for part in down.split(">TS-")[1:]][::-1]


def test_a_void_row_stays_struck_through_with_its_reason(office, browse) -> None:
    case = office.repair()
    done = {"repair_outcome": "void", "done_at": "2026-11-02T10:20", "work_done": "不需要维修"}
    office.complete(case, "repair", "jigong", done)
    office.complete(case, "void_order", "diaodu", {"reason": "开错单", "reissue.present": "1"})
    page = browse("diaodu").get("/registers/work-orders").text
    row = page.split('<tr class="void">')[1].split("</tr>")[0]
    assert number(office, case) in row
    assert "开错单" in row


def test_the_entries_behind_a_row_say_what_each_changed(complaints, office, browse) -> None:
    rows = register_view(office.engine, "complaints", actor_of(office.people["zhuguan"])).page.rows
    row = next(row for row in rows if row.case_id == complaints["one"])
    page = browse("zhuguan").get(f"{REGISTER}/rows/{row.id}").text
    assert "第 1 笔" in page
    assert "王芳" in page


def test_the_workbook_has_typed_cells_a_frozen_head_and_a_filter(complaints, office, browse) -> None:
    sheet = sheet_of(browse("zhuguan"))
    heads = [cell.value for cell in sheet[2]]
    row = next(r for r in sheet.iter_rows(min_row=3) if r[0].value == number(office, complaints["one"]))
    at = row[heads.index("投诉时间")]
    assert at.value == datetime(2026, 11, 2, 9, 30)  # noqa: DTZ001
    assert at.is_date
    assert row[heads.index("渠道")].value == "电话"
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref.startswith("A2:")


def test_text_that_looks_like_a_formula_stays_text(complaints, office, browse) -> None:
    sheet = sheet_of(browse("zhuguan"))
    row = next(r for r in sheet.iter_rows(min_row=3) if r[0].value == number(office, complaints["formula"]))
    cells = {cell.value: cell.data_type for cell in row if cell.value}
    assert cells["=HYPERLINK(1)"] == "s"
    assert cells["=cmd|' /C calc'!A0"] == "s"


def test_the_workbook_keeps_the_filter_the_masks_and_the_language(complaints, office, browse) -> None:
    browser = browse("root")
    browser.speak("en")
    sheet = sheet_of(browser, "?f_channel=letter")
    cases = {row[0].value for row in sheet.iter_rows(min_row=3)}
    assert number(office, complaints["letter"]) in cases
    assert number(office, complaints["one"]) not in cases
    said = {str(cell.value) for row in sheet.iter_rows(min_row=3) for cell in row}
    assert "孙磊" not in said
    assert "Case" in {cell.value for cell in sheet[2]}


def test_the_print_has_every_column_on_sheets_that_repeat_the_first(complaints, office, browse) -> None:
    page = browse("zhuguan").get(f"{REGISTER}/print").text
    sheets = page.split('class="paper-sheet')[1:]
    register = register_view(office.engine, "complaints", actor_of(office.people["zhuguan"]))
    assert len(sheets) > 1
    assert all(register.columns[0].label.zh in sheet and "填表人" in sheet for sheet in sheets)
    for column in register.columns:
        assert f">{column.label.zh}</th>" in page
