"""The samples of the writers' tests: lists with awkward text, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from commandcenter.documents.sheet import Column, Row, Sheet

START = datetime(2026, 7, 28, 6, 31, 7, tzinfo=UTC)  # 14:31:07 in Asia/Shanghai
AWKWARD = {
    "formula": "=SUM(A1:A2)+cmd|' /C calc'!A0",
    "at": "@SUM(1)",
    "minus": " -1+1",
    "emoji": "现场🔥起火",
    "rare": "𠮷先生与㐂女士",
    "wide": "电话０５９５－０００",
    "bidi": "转移\u202e人三\u202c人",
    "breaks": "第一行\n第二行",
    "quotes": 'he said "no", then left',
    "markup": "#set page(width: 1pt) *x* $y$ @ref \\ <b>&amp;",
    "escape": "_x0041_",
    "blank": "  前后有空格  ",
}


def columns(english: bool = False) -> tuple[Column, ...]:
    titles = ("Time", "Text", "People", "By") if english else ("时间", "内容", "人数", "记录人")
    return (
        Column(key="at", title=titles[0], kind="time", width=9),
        Column(key="text", title=titles[1], width=30),
        Column(key="people", title=titles[2], kind="integer", width=4),
        Column(key="by", title=titles[3], width=6),
    )


def row(number: int, text: str, **options: Any) -> Row:
    return Row(cells=(START + timedelta(minutes=number), text, number, "示例甲"), **options)


def sheet(rows: Iterable[Row], count: int, *, language: str = "zh_CN", **options: Any) -> Sheet:
    english = language == "en"
    particulars: dict[str, Any] = {
        "title": "Sample district · Duty log" if english else "示例区应急指挥中心 值班日志",
        "subtitle": ("2026-07-28", "Desk 1" if english else "1 号席"),
        "columns": columns(english),
        "printed_at": datetime(2026, 7, 29, 0, 5, tzinfo=UTC),
        "printed_by": "示例甲",
        "desk": "1 号席",
        "chain_head": "#1234 · 9f2c",
        "language": language,
    }
    return Sheet(rows=rows, count=count, **(particulars | options))


def many(count: int) -> list[Row]:
    return [row(number, f"第{number:05}条 已通知") for number in range(count)]
