"""What chapters 14 to 17 alone use: published programs with their errors, portraits, tunes, a flow on the archive."""
