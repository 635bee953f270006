"""The main job with no hardware: a real daemon, a real campaign file, and simulated modems at the wire."""
