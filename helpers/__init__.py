"""Helpers of The Digital Darkroom: what the chapters import once they have shown it.

The name ``helpers`` is common, so ``BOOK`` marks this package as the book's own; every chapter's
setup cell looks for it before importing anything.
"""

BOOK = "The Digital Darkroom"
