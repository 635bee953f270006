"""The web process: the panel for people at `/` and the API for programs at `/v1`, apart from the daemon."""
