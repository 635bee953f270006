"""The API for programs, version 1: JSON over HTTP. It asks operations; it knows no store."""
