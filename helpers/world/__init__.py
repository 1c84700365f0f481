"""What chapters 14 to 17 and A3 alone use: programs with their errors, portraits, tunes, a flow, signs."""
