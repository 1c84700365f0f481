"""The built site: run by make test after the build, or by itself after make book."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from launching import CELL, file_of, launch_links
from pages import contents


class Page(HTMLParser):
    """The ids, links and pictures of a page, and what its meta tags say."""

    def __init__(self, path):
        super().__init__()
        self.path, self.text = path, path.read_text(encoding="utf-8")
        self.ids, self.targets, self.pictures, self.said = set(), [], [], {}
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes.get("id"), attributes.get("name")} - {None}
        self.targets += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        if tag == "img":
            self.pictures.append(attributes)
        if tag == "meta" and "content" in attributes:
            self.said[attributes.get("property") or attributes.get("name")] = attributes["content"]


@pytest.fixture(scope="module")
def pages(site):
    generated = {"genindex.html", "search.html"}
    found = [
        path for path in sorted(site.rglob("*.html")) if path.name not in generated and "_static" not in path.parts
    ]
    return {path: Page(path) for path in found}


def test_every_page_of_the_contents_is_there(site):
    assert [name for name in contents() if not (site / name).is_file()] == []


def test_every_link_within_the_site_leads_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        for target in page.targets:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            file = (path.parent / unquote(url.path)).resolve() if url.path else path
            anchor = unquote(url.fragment)
            if not file.is_file() or (anchor and file in pages and anchor not in pages[file].ids):
                broken.append(f"{path.relative_to(site)}: {target}")
    assert broken == []


def test_no_page_shows_an_error_or_what_a_library_mutters(site, pages):
    signs = re.compile(r'class="output (?:traceback|stderr)|class="system-message|Traceback \(most recent call last\)')
    assert [str(path.relative_to(site)) for path, page in pages.items() if signs.search(page.text)] == []


def test_every_picture_says_what_it_shows(site, pages):
    silent = []
    for path, page in pages.items():
        for picture in page.pictures:
            alt = picture.get("alt")
            decoration = "logo" in picture.get("class", "") or "_static/logo" in picture.get("src", "")
            if not decoration and (not alt or re.search(r"[0-9a-f]{16}|\.(png|svg|gif)$", alt)):
                silent.append(f"{path.relative_to(site)}: {picture.get('src')} has the alt text {alt!r}")
    assert silent == []


def test_every_picture_from_a_file_says_how_large_it_is(site, pages):
    files = [
        (path, each) for path, page in pages.items() for each in page.pictures if not each["src"].startswith("data:")
    ]
    assert [(path.name, each["src"]) for path, each in files if not (each.get("width") and each.get("height"))] == []


def test_every_page_says_what_it_is_about_and_has_a_preview_card(site, pages):
    without = []
    for path, page in pages.items():
        said = [page.said.get(key, "") for key in ("og:title", "description", "og:image:alt", "twitter:card")]
        picture = page.said.get("og:image", "")
        whole = urlsplit(picture).scheme  # once the book has its address
        place = site / picture[picture.find("_static/") :] if whole else path.parent / picture
        if not all(said) or said[1] != page.said.get("og:description") or not place.is_file():
            without.append(f"{path.relative_to(site)}: {said}, {picture!r}")
    assert without == []


def test_no_link_leads_to_the_makers_of_the_tools(pages):
    assert {target for page in pages.values() for target in page.targets if "executablebooks" in target} == set()


def test_launch_links_open_their_own_page_or_there_are_none(site, pages):
    address = re.search(r'^REPOSITORY = "(.*)"', CELL, re.MULTILINE)[1]
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        found = {file_of(link, address).partition(".")[0] for link in launch_links(page.text)}
        assert found == ({name.removesuffix(".html"), ""} if address and name in contents() else set()), name


def test_no_page_waits_for_a_widget_manager(pages):
    assert [path.name for path, page in pages.items() if "vnd.jupyter.widget" in page.text] == []
