"""The panel: pages for people. It asks operations and hands their documents to templates; it knows no store."""
