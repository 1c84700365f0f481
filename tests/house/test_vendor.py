"""What the built pages load is what book/_static/vendor/manifest.json says it is."""

import json

from tools.fetch import vendor


def test_vendored_files_are_those_of_the_manifest():
    manifest = json.loads((vendor.TARGET / "manifest.json").read_text(encoding="utf-8"))
    name, version = vendor.PACKAGE.split("@")
    files = vendor.checksums(vendor.TARGET / name)
    assert manifest == {name: {"package": name, "version": version, "licence": vendor.LICENCE, "files": files}}
    assert {path.name for path in vendor.TARGET.iterdir()} == {name, "manifest.json"} and files
