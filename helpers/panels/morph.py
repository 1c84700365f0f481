"""The panel of chapter 7 that morphs any two digits."""

import ipywidgets as widgets
import numpy as np

from helpers import plots
from helpers.latent import develop, lerp, slerp
from helpers.panels.controls import WRAP, Panel, picture


class MorphPanel(Panel):
    """Morphs two images chosen by index, straight and along an arc.

    Args:
        title: the panel's name.
        archives: a dict from names to (vae, codes).
        x, labels: the images and their labels.
        start, end: the indices chosen at first.
    """

    STEPS = 7

    def __init__(self, title, archives, x, labels, start=0, end=1):
        self.archives, self.x, self.labels = archives, x, labels
        last = len(x) - 1
        self.start, self.end = (
            widgets.BoundedIntText(value=value, min=0, max=last, description=name)
            for name, value in (("from", start), ("to", end))
        )
        self.archive = widgets.ToggleButtons(options=list(archives), description="archive")
        self.chance = widgets.Button(description="Any two")
        self.chance.on_click(self.choose)
        for control in (self.start, self.end, self.archive):
            control.observe(self.morph, "value")
        super().__init__(title, widgets.HBox([self.start, self.end, self.chance], layout=WRAP), self.archive)
        self.choosing = False
        self.morph()

    def choose(self, button=None):
        """Choose two images by chance."""
        start, end = np.random.default_rng().choice(len(self.x), 2, replace=False)
        self.choosing = True  # one morph for both changes
        self.start.value, self.end.value = int(start), int(end)
        self.choosing = False
        self.morph()

    def morph(self, change=None):
        """Show both ways between the chosen images."""
        if self.choosing:
            return
        try:
            start, end = self.start.value, self.end.value
            vae, codes = self.archives[self.archive.value]
            t = np.linspace(0, 1, self.STEPS)
            paths = {name: way(codes[start], codes[end], t) for name, way in (("straight", lerp), ("spherical", slerp))}
            rows = {name: [self.x[start], *develop(vae.decoder, path), self.x[end]] for name, path in paths.items()}
            titles = [f"test {start}", *(f"t = {value:.2g}" for value in t), f"test {end}"]
            middle = {name: np.linalg.norm(path[self.STEPS // 2]) for name, path in paths.items()}
            from_to = f"test digit {start} (a {self.labels[start]}) to test digit {end} (a {self.labels[end]})"
            alt = f"Two strips of {self.STEPS} prints, straight and spherical, from {from_to}; the scenes at both ends."
            self.show(picture(plots.image_rows(rows, titles=titles), alt))
            self.tell(
                f"From {from_to}, with {self.archive.value}. In the middle the code has the length "
                f"{middle['straight']:.2f} on the straight way, {middle['spherical']:.2f} on the arc."
            )
        except Exception as error:
            self.show()
            self.complain(error)
