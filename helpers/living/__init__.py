"""Living pages: widgets that run the book's own models in the reader's browser, without a kernel."""

from helpers.living.page import show_widget
