"""Panels for whoever has a running kernel."""

from helpers.panels.offer import encode_panel, morph_panel, retrain_panel
