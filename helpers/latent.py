"""Ways through the latent space: grids, paths, directions. Chapter 7 (Generation and morphing)."""
