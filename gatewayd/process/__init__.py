"""What every process of ours needs: its log, its word to systemd, its HTTP server, its failpoints."""
