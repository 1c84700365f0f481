"""The parent's side: workers that wait, and segments that take turns so that a busy machine hits all alike."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from helpers.places import ROOT

COMMAND = [sys.executable, "-m", "benchmarks.worker"]  # followed by a worker's name and its options


class Worker:
    """A configuration in a process of its own; use it as a context manager.

    Args:
        name: a key of `benchmarks.configurations.CONFIGURATIONS`.
        options: its settings, what JSON can hold.

    Raises:
        RuntimeError: the process ended without an answer; the message has its last words.
    """

    def __init__(self, name, options=None):
        self.name = name
        self.words = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [*COMMAND, name, json.dumps(options or {})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.words,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends its workers
        )
        try:
            self.first = self.hear()
        except BaseException:
            self.close()
            raise
        self.start_up = time.perf_counter() - started

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.words.seek(0)
            last = "".join(self.words.readlines()[-15:])
            raise RuntimeError(f"The worker {self.name!r} ended with code {code}. Its last words:\n{last}")
        return json.loads(line)

    def run(self, seconds):
        """Let it work for about so many seconds; return its answer."""
        try:
            print(json.dumps({"seconds": seconds}), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # it has ended: `hear` says why
        return self.hear()

    def close(self):
        """End the process, at once if it does not by itself."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.words.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def ask(name, **options):
    """Return the answer of a task that is done once, in a process of its own."""
    with Worker(name, options) as worker:
        return worker.first


def interleave(specs, seconds, repetitions, log=lambda text: None):
    """Measure configurations side by side.

    All workers are started one after another and then take turns, one segment each, so that other programs
    slow all of them alike.

    Args:
        specs: label -> (name, options) of a worker.
        seconds: length of a segment.
        repetitions: segments of each.
        log: called with a line of text after each round.

    Returns:
        label -> {"images_per_second": median, "segments": [...], "memory_mb": ..., "start_up_s": ...}.
    """
    with contextlib.ExitStack() as stack:
        workers = {label: stack.enter_context(Worker(*spec)) for label, spec in specs.items()}
        rates, memory = {label: [] for label in specs}, {}
        for done in range(repetitions):
            for label, worker in workers.items():
                answer = worker.run(seconds)
                rates[label].append(answer["images"] / answer["seconds"])
                memory[label] = answer["memory_mb"]
            log(f"round {done + 1} of {repetitions}: " + ", ".join(f"{k} {v[-1]:,.0f}" for k, v in rates.items()))
        return {
            label: {
                "images_per_second": round(statistics.median(rates[label]), 1),
                "segments": [round(rate, 1) for rate in rates[label]],
                "memory_mb": memory[label],
                "start_up_s": round(worker.start_up, 2),
            }
            for label, worker in workers.items()
        }
