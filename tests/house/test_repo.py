"""The repository as it is kept: notebooks, table of contents, pins, sizes, links, licences, workflows."""

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from helpers.places import ROOT
from tools.build import references
from tools.check import notebooks
from tools.fetch import constraints as make_constraints
from tools.fetch import mnist as fetch_mnist

NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
MB = 1_000_000


def files():
    """Return every file that git keeps or would keep."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in dict.fromkeys(names) if name and (ROOT / name).is_file()]


def is_binary(path):
    return b"\0" in path.read_bytes()[:8192]


def texts():
    """Return {path: text} of every text file."""
    return {path: path.read_text(encoding="utf-8") for path in files() if not is_binary(path)}


def found(pattern, among):
    """Return 'file: match' for every match of a pattern in {path: text}."""
    return [
        f"{path.relative_to(ROOT)}: {match[0]}" for path, text in among.items() for match in re.finditer(pattern, text)
    ]


def pins(text):
    """Return {package: version} of the lines package==version of requirements or constraints."""
    return dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;]+)", text))


# ---- the book


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_problem(path):
    assert notebooks.check(path) == []


def entries(part):
    """Return the files that a table of contents names, in order."""
    if isinstance(part, list):
        return [name for each in part for name in entries(each)]
    if isinstance(part, dict):
        own = [part[key] for key in ("root", "file") if key in part]
        return own + [name for key in ("parts", "chapters", "sections") for name in entries(part.get(key, []))]
    return []


def test_the_table_of_contents_has_every_page_once_and_no_other():
    listed = entries(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    pages = [path for path in (ROOT / "book").iterdir() if path.suffix in (".ipynb", ".md")]
    assert sorted(listed) == sorted(f"book/{path.stem}" for path in pages)
    numbered = [name for name in listed if re.match(r"book/\d\d_", name)]
    assert [int(name[5:7]) for name in numbered] == list(range(1, len(numbered) + 1))


@pytest.mark.parametrize("path", [path for path in files() if path.suffix == ".md"], ids=lambda path: path.name)
def test_links_between_files_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    assert list(notebooks.broken_links(path, text)) == []


def test_the_references_page_is_what_the_bibliography_gives():
    bib, page = ((ROOT / f"book/references.{kind}").read_text(encoding="utf-8") for kind in ("bib", "md"))
    assert references.page(bib) == page, "run: make references"


def test_every_reference_is_cited():
    bib = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{([\w-]+),", bib, re.MULTILINE))
    pages = [notebooks.prose(notebooks.read(path)) for path in NOTEBOOKS]
    pages += [path.read_text(encoding="utf-8") for path in (ROOT / "book").glob("*.md")]
    cited = {key for text in pages for key in re.findall(r"references\.md#([\w-]+)", text)}
    assert cited == keys


@pytest.mark.parametrize(
    "bib, message",
    [
        ("@misc{a, title = {A}, year = {2000}}", "a needs an author"),
        ("@misc{a, title = {A}}\n@misc{a, title = {B}}", "repeated"),
    ],
)
def test_a_wrong_entry_is_refused(bib, message):
    with pytest.raises(Exception, match=message):
        references.page(bib)


# ---- what it needs


def test_binder_has_the_pins_of_the_book_and_little_else():
    root, binder = [
        pins((ROOT / place).read_text("utf-8")) for place in ("requirements.txt", ".binder/requirements.txt")
    ]
    assert {name.replace("-cpu", ""): version for name, version in binder.items()}.items() <= root.items()
    assert set(binder) == {
        "tensorflow-cpu",
        "keras",
        "numpy",
        "matplotlib",
        "ipywidgets",
    }  # no GPU, no site, none that helps build it
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") or re.fullmatch(r"[\w-]+==[\w.]+", line) for line in lines)
    assert (ROOT / ".binder/runtime.txt").read_text() == "python-3.12\n"


def test_every_package_is_pinned_with_a_reason_and_constrained():
    direct = make_constraints.direct_packages()
    lines = [line for line in direct.splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(pins(direct)) > 15
    assert all(re.fullmatch(r"[a-z0-9-]+==\S+  # \S.*", line) for line in lines)
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert pins(direct).items() <= pins(constraints).items()
    assert len(re.findall(r"(?m)^\w", constraints)) == len(pins(constraints))  # one version of each, no option, no URL
    assert "://" not in constraints and "--" not in constraints


def test_this_environment_has_the_pinned_versions():
    wanted = pins(make_constraints.direct_packages())
    assert {name: importlib.metadata.version(name) for name in wanted} == wanted


def test_installed_packages_are_compiled_already():
    # where nothing may be written beside them, every start of TensorFlow would compile it anew: more than twice as slow
    for package in ("keras", "tensorflow", "nbclient"):
        source = importlib.util.find_spec(package).origin
        assert Path(importlib.util.cache_from_source(source)).exists(), package


def test_the_package_asks_for_nothing():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == []
    assert project["tool"]["setuptools"]["packages"] == {"find": {"include": ["helpers*"]}}


# ---- what it keeps


def test_files_are_small():
    binary = [path for path in files() if is_binary(path)]
    assert sum(path.stat().st_size for path in binary) < 45 * MB
    text = {
        p.relative_to(ROOT).as_posix(): p.stat().st_size for p in files() if p not in binary and "vendor" not in p.parts
    }
    assert {name: size for name, size in text.items() if size > 200_000} == {}


def test_no_path_of_one_machine():
    pattern = r"(?<![\w.~/}-])/(?:home|Users|root|work|mnt|opt|media)/[\w.-]+|\b[A-Z]:\\\\?Users\\"
    assert found(pattern, texts()) == []


def test_no_package_registry_is_named():
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "debian" + ".org/debian"]
    hosts += ["conda.anaconda" + ".org", "--index" + "-url", "jsdeliv" + "r.net", "un" + "pkg.com", "cdn" + "js."]
    assert found("|".join(map(re.escape, hosts)), {p: t for p, t in texts().items() if "vendor" not in p.parts}) == []


def test_no_launch_link_leads_to_another_account():
    setup = (ROOT / "tools/check/setup_cell.py").read_text(encoding="utf-8")
    address = re.search(r'^REPOSITORY = "(.*)"', setup, re.MULTILINE)[1]
    own = address.removeprefix("https://github.com/") or "(?!)"
    places = (
        "book/",
        ".github/",
        ".binder/",
        "helpers/",
        "README.md",
        "CONTRIBUTING.md",
        "CITATION.cff",
        "_config.yml",
    )
    read = {path: text for path, text in texts().items() if path.relative_to(ROOT).as_posix().startswith(places)}
    launch = rf"(colab\.research\.google\.com/github|mybinder\.org/v2/gh)/(?!{own}/)[\w.-]+/[\w.-]+"
    change = rf"github\.com/(?!{own}/)[\w.-]+/[\w.-]+/(edit|issues|pulls?|archive|fork)\b"
    assert found(rf"{launch}|{change}", read) == []
    assert found(r"\b(OWNER/REPO|ORG/REPO|your-?(user)?name|USERNAME)\b", read) == []


def test_every_script_can_be_run():
    scripts = [path for path in files() if path.read_bytes()[:2] == b"#!"]
    assert ROOT / ".ci/run" in scripts
    assert [path for path in scripts if not os.access(path, os.X_OK)] == []


# ---- whose it is


def test_the_licences_stand_in_one_table():
    table = (ROOT / "book/licences.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if row.startswith("|")}
    for part, licence in {"code": "MIT", "text and figures": "CC BY 4.0", "data: MNIST": "CC BY-SA 3.0"}.items():
        assert f"[{licence}]" in rows[part]
    assert "Yann LeCun" in rows["data: MNIST"]
    assert "(book/licences.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")


def test_the_data_are_described_as_they_are():
    text = (ROOT / "book/data/README.md").read_text(encoding="utf-8")
    data = (ROOT / "book/data/mnist.npz").read_bytes()
    assert hashlib.sha256(data).hexdigest() in text and f"{len(data):,} bytes" in text
    assert f"`{fetch_mnist.PACKAGE}`" in text and "CC BY-SA 3.0" in text
    for array, (file, md5, _) in fetch_mnist.FILES.items():
        assert re.search(rf"^\| `{array}` \|.*\| `{file}` \| {md5} \|$", text, re.MULTILINE)


def test_how_to_cite_is_readable():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["license"] == "MIT"
    assert citation["title"].startswith("The Digital Darkroom") and citation["authors"] and citation["message"]


# ---- what runs elsewhere


WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / ".github/workflows").glob("*.yml")}


def test_workflows_call_nothing_but_make_targets():
    targets = re.findall(r"^([a-z][\w-]*):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(WORKFLOWS) == {"ci.yml", "pages.yml", "weekly.yml"}
    for name, workflow in WORKFLOWS.items():
        assert workflow[True] and workflow["permissions"]["contents"] == "read", name  # YAML reads `on` as true
        for job in workflow["jobs"].values():
            assert job["runs-on"] and ("timeout-minutes" in job or "environment" in job), name
            for step in job["steps"]:
                assert ("run" in step) != ("uses" in step), f"{name}: {step}"
                call = re.fullmatch(r"make ([a-z-]+)( [A-Z]+=(\"[^\"]*\"|\S+))*", step.get("run", "make help"))
                assert call and call[1] in targets, f"{name}: {step}"
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/a@v1")), f"{name}: {step}"


def test_workflows_do_what_they_are_for():
    runs = {name: [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
            for name, workflow in WORKFLOWS.items()}  # fmt: skip
    assert WORKFLOWS["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert "make test" in runs["ci.yml"]
    assert {"make test FRESH=1", "make browsers", "make links", "make colab-check"} <= set(runs["weekly.yml"])
    address = 'make repository URL="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"'
    assert runs["pages.yml"].index(address) < runs["pages.yml"].index("make book")  # the fork that it runs in
    (upload,) = [s for s in WORKFLOWS["pages.yml"]["jobs"]["build"]["steps"] if "upload-pages" in s.get("uses", "")]
    assert upload["with"]["path"] == "_build/html"
