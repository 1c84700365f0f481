"""How fast this book trains, beside other ways and beside the machine's limit: `make bench`."""
