"""The machine: what training runs on here, and why there is no GPU. The appendix "Your machine" shows it at work."""

from helpers.machine.diagnosis import find_device, why_no_gpu
from helpers.machine.facts import Facts, gather_facts
