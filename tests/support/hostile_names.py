"""Names that have broken somebody's site before. Each holds the mark `zqx`, to be found again."""

from html.parser import HTMLParser

import pytest

NAMES = {
    "script": "<script>zqx()</script>",
    "image": '"><img src=x onerror=zqx()>',
    "attribute": "' autofocus onfocus='zqx()",
    "svg": "<svg/onload=zqx()>",
    "comment": "--><script>zqx()</script><!--",
    "title": "</title></textarea></style><zqx>",
    "template": "{{ zqx }}{% zqx %}${zqx}#{zqx}",
    "entity": "&lt;zqx&gt;&amp;&#60;zqx&#62;",
    "link": "javascript:zqx()",
    "data": "data:text/html,<zqx>",
    "up": "../../../../etc/zqx",
    "up on windows": "..\\..\\..\\zqx",
    "absolute": "/etc/zqx",
    "device": "C:\\con\\zqx",
    "dots": "zqx/.",
    "newline": "zqx\r\nSet-Cookie: session=stolen",
    "separator": "zqx\u2028\u2029\x85next",
    "escape": "\x1b[2J\x1b]0;zqx\x07",
    "backspace": "zqx\b\b\b\x7f",
    "nul": "zqx\0.csv",
    "direction": "zqx\u202egnp.exe",
    "isolate": "\u2066zqx\u2069\u200f",
    "invisible": "z\u200bq\u200bx zqx \ufeff",
    "half": "zqx\ud800",
    "emoji": "zqx 👩‍👩‍👧‍👦🏳️‍🌈",
    "combining": "zqx" + "\u0301" * 60,
    "formula": "=cmd|'/c zqx'!A1",
    "formula with at": "@SUM(1+1)*cmd|'zqx'!A0",
    "mathtext": "$\\frac{zqx}{$",
    "format": "%s%n{0}{zqx.__class__} %(zqx)s",
    "quotes": "zqx'; DROP TABLE auth_user; --",
    "long": "zqx" * 400,
    "blank": " zqx \t ",
}


EVERY = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


class Found(HTMLParser):
    """Whatever in a page could run, or come from a name."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attributes) -> None:
        self.inside = tag
        if "zqx" in tag:
            self.bad.append(f"<{tag}>")
        for name, value in attributes:
            runs = name.startswith("on") or "zqx" in name or name == "style"
            leads = name in {"href", "src", "action"} and (value or "").startswith(
                ("javascript:", "data:text", "//")
            )
            if runs or leads:
                self.bad.append(f"<{tag} {name}={value}>")

    def handle_data(self, data) -> None:
        if self.inside in {"script", "style"} and "zqx" in data:
            self.bad.append(f"<{self.inside}> {data}")
