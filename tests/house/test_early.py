"""book/_ext/early.py: pages whose text comes first."""

import base64
import importlib.util
import io

import pytest
from PIL import Image

from helpers.places import BOOK

spec = importlib.util.spec_from_file_location("early", BOOK / "_ext/early.py")
early = importlib.util.module_from_spec(spec)
spec.loader.exec_module(early)

HEAD = """<html><head><link rel="stylesheet" type="text/css" href="../_static/a.css?v=1" />
<link href="../_static/b.css" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="../_static/vendor/katex/katex.min.css" />
<link rel="preload" as="script" href="b.js" /><script src="../_static/documentation_options.js?v=1"></script>
<script>DOCUMENTATION_OPTIONS.pagename = "a";</script><script src="a.js"></script>
<script src="../searchindex.js"></script></head><body><script>let inline;</script></body></html>"""


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".seen > p, .unseen { a: b }", ".seen > p{ a: b }"),
        ("p:not(.unseen) { a: b }", "p:not(.unseen) { a: b }"),
        ("#seen .unseen { a: b }", ""),
        ("@media print { .unseen { a: b } }", ""),
        ("@media print { .seen { a: b } }", "@media print {.seen { a: b }}"),
        ('@font-face { font-family: "Font Awesome 6 Free" }', ""),
        ("@font-face { font-family: F }", "@font-face { font-family: F }"),
        ("@import 'other.css';", "h1 { c: d }"),
    ],
)
def test_rules_stay_that_can_apply(tmp_path, rule, kept):
    (tmp_path / "one.css").write_text(rule, encoding="utf-8")
    (tmp_path / "other.css").write_text("h1 { c: d }", encoding="utf-8")
    got = early.merge([tmp_path / "one.css"], {"seen"})
    assert "".join(got.split()) == "".join(kept.split())


def test_nothing_in_the_head_lets_the_text_wait():
    text = early.patient(early.styled(HEAD, "../_static/site.css"), "const DOCUMENTATION_OPTIONS = {};")
    assert text.count('rel="stylesheet"') == 2 and text.index("site.css") < text.index("katex.min.css")
    assert "a.css" not in text and "b.css" not in text and "preload" not in text and "searchindex" not in text
    assert text.count("<script src=") == 0 and '<script defer="defer" src="a.js">' in text
    assert text.index("const DOCUMENTATION_OPTIONS") < text.index("DOCUMENTATION_OPTIONS.pagename")
    assert "<script>let inline;</script>" in text


def test_what_is_long_becomes_a_file_and_pictures_say_their_size(tmp_path):
    buffer = io.BytesIO()
    Image.effect_noise((90, 110), 80).save(buffer, "PNG")
    (tmp_path / "logo.svg").write_text('<svg viewBox="0 0 16 32"></svg>', encoding="utf-8")
    script, page = "x" * early.LONG, tmp_path / "book/page.html"
    page.parent.mkdir()
    inside = f'<img alt="a" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    logo = '<img src="../logo.svg" alt="">'
    text = early.outside(f"{logo}{inside}<script>short</script><script>{script}</script>", tmp_path / "_living", "../")
    assert {path.read_bytes() for path in (tmp_path / "_living").iterdir()} == {script.encode(), buffer.getvalue()}
    assert "<script>short</script>" in text and '<script type="text/plain" data-later="../_living/' in text
    text = early.steady(text + text.replace(logo, "") * 2, page)
    assert '<img width="16" height="32" src="../logo.svg"' in text
    assert [text.count(each) for each in ('width="90" height="110"', "fetchpriority", "lazy")] == [3, 1, 1]
