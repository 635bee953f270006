"""The panel: pages for people, rendered here from what operations answer. Imports no store."""
