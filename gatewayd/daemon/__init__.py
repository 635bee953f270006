"""The roof: the parts of the running daemon, made over one another, started and stopped."""
