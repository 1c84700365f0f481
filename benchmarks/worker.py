"""One configuration in a process of its own: it works for as long as it is told, then waits.

After its first step a worker writes one line of JSON; then, for each line `{"seconds": 20}` that it reads, it
works that long and writes what it did. The end of its input is its end, so no worker outlives its parent.

python -m benchmarks.worker NAME OPTIONS
"""

import json
import os
import sys
import time
from pathlib import Path


class Pace:
    """Cuts a training loop into segments: the loop calls `count` and is held there between segments.

    Args:
        commands: where the lines of the parent come from.
        replies: where the answers go.
    """

    def __init__(self, commands, replies):
        self.commands, self.replies, self.end = commands, replies, 0.0
        self.begun, self.done = time.perf_counter(), 0

    def due(self):
        """Return whether the segment is over."""
        return time.perf_counter() >= self.end

    def count(self, images):
        """Note that so many more images are done; hold here if the segment is over."""
        self.done += images
        if self.due():
            self.reply(images=self.done, seconds=time.perf_counter() - self.begun)
            self.wait()

    def reply(self, **values):
        print(json.dumps({**values, "memory_mb": peak_memory()}), file=self.replies, flush=True)

    def wait(self):
        line = self.commands.readline()
        if not line:
            raise SystemExit(0)
        self.done, self.begun = 0, time.perf_counter()
        self.end = self.begun + json.loads(line)["seconds"]


def peak_memory():
    """Return the largest resident memory of this process so far, in megabytes; None if unknown."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory at the fork
        lines = [line.split() for line in status.read_text(encoding="ascii").splitlines()]
        return next((round(int(words[1]) * 1024 / 1e6) for words in lines if words[0] == "VmHWM:"), None)
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes in macOS, else KiB
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6)


def main(name, options):
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed must not get between the answers
    from benchmarks.configurations import CONFIGURATIONS

    pace = Pace(sys.stdin, replies)
    result = CONFIGURATIONS[name](pace, **options)
    if result is not None:  # a task that is done once
        pace.reply(**result)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
