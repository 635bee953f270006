"""The web process: panel and API for people and programs. No device, no secret of a line, and a store to read alone."""
