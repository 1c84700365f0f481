"""python -m benchmarks [quality] [--output FILE]: measure this machine, print a table and write JSON."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.measure import measure
from benchmarks.quality import quality
from benchmarks.report import report
from benchmarks.team import ROOT


def write(record, path):
    """Add a record to a JSON file; parts that are not measured now stay."""
    path = Path(path)
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps({**old, **record}, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("speed", "quality"), default="speed")
    parser.add_argument("--seconds", type=float, default=14.0, help="length of a segment (default: 14)")
    parser.add_argument("--repetitions", type=int, default=7, help="segments of each (default: 7)")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "bench.json", help="JSON file to write")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    record = measure(options.seconds, options.repetitions) if options.what == "speed" else {"quality": quality()}
    write(record, options.output)
    print("\n" + report(json.loads(options.output.read_text(encoding="utf-8"))))
    print(f"\nWritten to {options.output} after {(time.perf_counter() - started) / 60:.1f} minutes.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted; the workers are gone, nothing was written.")
