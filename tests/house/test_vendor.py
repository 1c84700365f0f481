"""What the built pages load is what book/_static/vendor/manifest.json says it is."""

import json

from tools.fetch import vendor


def test_vendored_files_are_those_of_the_manifest():
    manifest = json.loads((vendor.TARGET / "manifest.json").read_text(encoding="utf-8"))
    expected = {folder: tuple(package.rsplit("@", 1)) for package, (_, folder, _) in vendor.PACKAGES.items()}
    assert {folder: (entry["package"], entry["version"]) for folder, entry in manifest.items()} == expected
    assert {path.name for path in vendor.TARGET.iterdir()} == {*manifest, "manifest.json"}
    for folder, entry in manifest.items():
        assert entry["licence"] and vendor.checksums(vendor.TARGET / folder) == entry["files"]
