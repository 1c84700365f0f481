"""Living pages: widgets that run the book's own models in the reader's browser, and a model that was trained there."""

from helpers.living.bench_file import load_bench
from helpers.living.page import show_widget
